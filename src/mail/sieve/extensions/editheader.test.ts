/** RFC 5293: fields that are added and taken away. */
import { describe, expect, test } from 'vitest';
import { sieve } from '../../../../test/support/sieve.ts';

describe('editheader (RFC 5293)', () => {
  const mail = 'X: 1\nx: two\nReceived: by a\nX: 3\nAuto-Submitted: no\n\nbody\n';
  async function header(script: string): Promise<string> {
    const all = `require ["editheader", "regex", "relational", "comparator-i;ascii-numeric", "index"]; ${script}`;
    const { actions, error } = await sieve(all, mail);
    if (error !== undefined) throw error;
    const [action] = actions;
    return action?.type === 'keep' ? action.header.bytes().toString() : '';
  }

  test.each([
    ['addheader "Y" "new";', /^Y: new\r\nX: 1\r\n/],
    ['addheader :last "Y" "new";', /Auto-Submitted: no\r\nY: new\r\n\r\n$/],
    ['addheader "Y" "한글";', /^Y: =\?utf-8\?b\?7ZWc6riA\?=\r\n/],
    ['addheader "Y" "a\r\nBcc: b";', /^Y: a Bcc: b\r\n/],
    ['deleteheader "X";', /^Received: by a\r\nAuto-Submitted: no\r\n\r\n$/],
    ['deleteheader :index 2 "X";', /^X: 1\r\nReceived: by a\r\nX: 3\r\n/],
    ['deleteheader :index 1 :last "X";', /^X: 1\r\nx: two\r\nReceived: by a\r\nAuto/],
    ['deleteheader :contains "X" "w";', /^X: 1\r\nReceived: by a\r\nX: 3\r\n/],
    ['deleteheader :index 1 :contains "X" "w";', /^X: 1\r\nx: two\r\n/],
    ['deleteheader :value "gt" :comparator "i;ascii-numeric" "X" "2";', /^X: 1\r\nReceived: by a\r\nAuto/],
    [
      'deleteheader "Received"; deleteheader "Auto-Submitted"; addheader "Received" "x";',
      /^X: 1\r\nx: two\r\nReceived: by a\r\nX: 3\r\nAuto-Submitted: no\r\n\r\n$/,
    ], // prettier-ignore
  ])('%s', async (script, expected) => {
    expect(await header(script)).toMatch(expected);
  });

  test('tests after it see the header as it is now, actions keep what they saw', async () => {
    const script = `require ["editheader", "fileinto", "copy"]; fileinto :copy "A"; addheader "Y" "1";
      if header "Y" "1" { fileinto "B"; }`;
    const { actions } = await sieve(script, mail);
    const edited = actions.map((action) => action.type === 'fileinto' && [action.mailbox, action.header.edited]);
    expect(edited).toEqual([
      ['A', false],
      ['B', true],
    ]);
  });
});
