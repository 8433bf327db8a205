/** RFC 5435 and RFC 5436: a word to somebody that a mail came. */
import { describe, expect, test } from 'vitest';
import { holds, MAIL, run, sieve } from '../../../../test/support/sieve.ts';

describe('enotify (RFC 5435, RFC 5436)', () => {
  test('a mail, with what the URI says', async () => {
    const uri = 'mailto:a@b.example,c%2Bd@e.example?subject=s%20t&body=text&X-Y=z&From=x@y.example&cc=f@g.example';
    const { actions } = await sieve(`require "enotify"; notify :importance "1" "${uri}";`);
    expect(actions).toMatchObject([
      {
        recipients: ['a@b.example', 'c+d@e.example', 'f@g.example'],
        subject: 's t',
        message: 'text',
        headers: [['X-Y', 'z']],
        importance: 'high',
      },
      { type: 'keep' },
    ]);
  });

  test('says what the script says, or what the mail is about', async () => {
    const REQUIRE = 'require ["enotify"];';
    expect(await run(`${REQUIRE} notify :message "hey" "mailto:a@b.example?subject=s";`)).toEqual([
      'notify a@b.example hey',
      'keep',
    ]); // prettier-ignore
    expect(await run(`${REQUIRE} notify "mailto:a@b.example";`)).toEqual([
      'notify a@b.example 회의 Meeting at three',
      'keep',
    ]); // prettier-ignore
  });

  test.each([
    ['valid_notify_method "mailto:a@b.example"', true],
    ['valid_notify_method ["mailto:a@b.example", "xmpp:a@b.example"]', false],
    ['valid_notify_method "mailto:"', false],
    ['valid_notify_method "mailto:a@b.example?subject=%zz"', false],
    ['notify_method_capability "mailto:a@b.example" "online" "maybe"', true],
    ['notify_method_capability "mailto:a@b.example" "online" "yes"', false],
    ['notify_method_capability "mailto:a@b.example" "other" "maybe"', false],
  ])('%s', async (script, expected) => {
    expect(await holds(script, MAIL, {}, 'enotify')).toBe(expected);
  });

  test(':encodeurl makes text fit for a URI', async () => {
    expect(
      await run('require ["enotify", "variables", "fileinto"]; set :encodeurl "a" "a b/한!"; fileinto "${a}";'),
    ).toEqual(['fileinto a%20b%2F%ED%95%9C%21']); // prettier-ignore
  });
});
