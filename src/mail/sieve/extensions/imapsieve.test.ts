/** RFC 6785: scripts on what happens to messages that are there. */
import { describe, expect, test } from 'vitest';
import { MAIL, run } from '../../../../test/support/sieve.ts';

const EVENT = { event: ['\\Seen', '$work'] };
const REQUIRE = 'require ["imapsieve", "imap4flags", "fileinto"];';

describe('on a message that is there', () => {
  test.each([
    ['', ['keep (\\Seen $work)']],
    ['if hasflag "$work" { addflag "\\\\Flagged"; }', ['keep (\\Seen $work \\Flagged)']],
    ['removeflag "\\\\Seen"; fileinto "A";', ['fileinto A ($work)']],
    ['keep :flags ["$other"];', ['keep ($other)']],
    ['discard;', []],
  ])('a script sees and changes the flags that it has: %s', async (script, expected) => {
    expect(await run(REQUIRE + script, MAIL, EVENT)).toEqual(expected);
  });

  test.each(['reject', 'ereject', 'vacation'])('%s is for mail that arrives', async (name) => {
    const script = `require ["imapsieve", "${name}"]; discard;`;
    expect((await run(script, MAIL, EVENT)).join()).toMatch(`'${name}' is for mail that arrives`);
    expect(await run(script)).toEqual([]);
    const scripts = { inner: script };
    const outer = 'require ["include"]; include "inner";';
    expect((await run(outer, MAIL, { ...EVENT, scripts })).join()).toMatch(`'${name}' is for mail that arrives`);
  });

  test('there is no envelope to ask about', async () => {
    const script = 'require ["imapsieve", "envelope"]; if envelope "from" "x@y.example" { discard; }';
    expect((await run(script, MAIL, EVENT)).join()).toMatch('has no envelope');
  });
});
