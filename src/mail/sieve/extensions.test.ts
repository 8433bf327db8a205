/** Each extension by what its RFC says it does. */
import { describe, expect, test } from 'vitest';
import { holds, MAIL, sieve, told } from '../../../test/support/sieve.ts';
import type { World } from '../../../test/support/sieve.ts';

const run = async (script: string, mail?: string, world?: World): Promise<string[]> =>
  told(await sieve(script, mail, world));

describe('copy (RFC 3894)', () => {
  test('leaves the implicit keep alone', async () => {
    expect(await run('require ["copy", "fileinto"]; fileinto :copy "A";')).toEqual(['fileinto A', 'keep']);
    expect(await run('require "copy"; redirect :copy "a@b.example";')).toEqual(['redirect a@b.example', 'keep']);
  });
});

describe('extlists (RFC 6134)', () => {
  const book = 'urn:ietf:params:sieve:addrbook:default';
  const world = { lists: { [book]: ['gildong+news@example.com', 'carol@example.test'], few: [] } };
  const asked = (test: string) => holds(test, undefined, world, 'extlists');

  test('asks lists for what addresses, fields and the envelope say', async () => {
    expect(await asked('address :list "from" ":addrbook:default"')).toBe(true);
    expect(await asked(`envelope :list "from" ["few", "${book}"]`)).toBe(true);
    expect(await asked('address :list "to" ":AddrBook:Default"')).toBe(true);
    expect(await asked('header :list "subject" "few"')).toBe(false);
    expect(await asked('valid_ext_list ":addrbook:default"')).toBe(true);
    expect(await asked('valid_ext_list [":addrbook:default", "tag:none"]')).toBe(false);
  });

  test('a list that is not there is an error, which a script can avoid', async () => {
    const script = 'require ["extlists", "fileinto"]; if address :list "from" "tag:none" { discard; }';
    expect(await run(script, undefined, world)).toEqual([
      'keep',
      'error line 1, column 38: there is no list "tag:none"',
    ]);
    expect(
      await run(
        script.replace('address', 'allof(valid_ext_list "tag:none", address').replace(' {', ') {'),
        undefined,
        world,
      ),
    ).toEqual(['keep']); // prettier-ignore
  });

  test('redirects to everybody on a list, unless that is too many', async () => {
    const script = 'require "extlists"; redirect :list ":addrbook:default";';
    expect(await run(script, undefined, world)).toEqual([
      'redirect gildong+news@example.com',
      'redirect carol@example.test',
    ]);
    const many = { lists: { [book]: Array.from({ length: 6 }, (_, i) => `p${i}@example.test`) } };
    expect((await run(script, undefined, many))[1]).toContain('more than 5 members');
    expect(await run(script, undefined, { lists: { [book]: [] } })).toEqual(['keep']);
  });
});

test('vacation-seconds and spamtestplus need no second require (RFC 6131 §2, RFC 5235 §2.2.2)', async () => {
  expect(await run('require "vacation-seconds"; vacation :seconds 60 "away";')).toEqual(['vacation away', 'keep']);
  expect(await holds('spamtest :percent :is "70"', undefined, { spamPercent: 70 }, 'spamtestplus')).toBe(true);
});

describe('body (RFC 5173)', () => {
  const mail = [
    'Content-Type: multipart/mixed; boundary=b',
    '',
    'before the parts',
    '--b',
    'Content-Type: text/html; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('<p>안녕 <b>Bob</b></p>').toString('base64'),
    '--b',
    'Content-Type: message/rfc822',
    '',
    'Subject: inside',
    '',
    'inner text',
    '--b',
    'Content-Type: application/octet-stream',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('MAGIC').toString('base64'),
    '--b--',
    'after the parts',
    '',
  ].join('\n');

  test.each([
    ['body :contains "안녕 bob"', true],
    ['body :text :contains "<b>"', false],
    ['body :contains "inner"', true],
    ['body :contains "magic"', false],
    ['body :contains "before"', false],
    ['body :raw :contains "--b--"', true],
    ['body :raw :contains "안녕"', false],
    ['body :content "text/html" :contains "<b>Bob"', true],
    ['body :content "text" :contains "inner text"', true],
    ['body :content "application" :contains "MAGIC"', true],
    ['body :content ["image", "application/octet-stream"] :is "MAGIC"', true],
    ['body :content "multipart" :contains "before the parts"', true],
    ['body :content "multipart/mixed" :contains "after"', true],
    ['body :content "message/rfc822" :contains "Subject: inside"', true],
    ['body :content "message" :contains "inner"', false],
    ['body :content "" :contains "magic"', true],
    ['body :matches "*bob*"', true],
    ['body :regex "안녕 +B.b"', true],
  ])('%s', async (script, expected) => {
    expect(await holds(script, mail)).toBe(expected);
  });

  test('an empty body has nothing in it', async () => {
    expect(await holds('body :raw :contains ""', 'X: y\n\n')).toBe(true);
    expect(await holds('body :contains "x"', 'X: y\n\n')).toBe(false);
  });

  test('sets no match variables', async () => {
    const script =
      'require ["body", "variables", "fileinto"]; if header :matches "subject" "*at*" {} if body :matches "*" {} fileinto "${2}";';
    expect(await run(script)).toEqual(['fileinto  three']);
  });
});

describe('variables (RFC 5229)', () => {
  const REQUIRE = 'require ["variables", "fileinto", "relational", "comparator-i;ascii-numeric"];';
  test.each([
    ['set "a" "b"; fileinto "x${A}y${none}";', 'xby'],
    ['set "a" "1"; set "a" "${a}2"; fileinto "${a}";', '12'],
    ['fileinto "${a b}${}$ {a}${1x}${.a}x";', '${a b}${}$ {a}${1x}${.a}x'],
    ['set "a" "${"; fileinto "${a}b}";', '${b}'],
    ['set "a" "x"; fileinto "${${a}}";', '${x}'],
    ['set :upper "a" "jÜ한"; fileinto "${a}";', 'JÜ한'],
    ['set :lower :upperfirst "a" "jAmes"; fileinto "${a}";', 'James'],
    ['set :lowerfirst "a" "ABC"; fileinto "${a}";', 'aBC'],
    ['set :quotewildcard "a" "a*b?c\\\\"; fileinto "${a}";', 'a\\*b\\?c\\\\'],
    ['set :length "a" "한글😀"; fileinto "${a}";', '3'],
    [
      'if header :matches "subject" "*Meeting at *" { fileinto "${0}|${1}|${2}|${3}"; }',
      '회의 Meeting at three|회의 |three|',
    ], // prettier-ignore
    ['if header :matches "from" "?Gil*<*@*>" { fileinto "${2}/${3}/${4}"; }', '-dong Hong" /gildong+news/example.com'],
    ['if string :matches "one two" "* *" { if not string :matches "x" "y*" { fileinto "${2}"; } }', 'two'],
    ['set "n" "5"; if string :value "gt" :comparator "i;ascii-numeric" "${n}" "4" { fileinto "${n}"; }', '5'],
    ['if string :count "eq" ["a", "", "b"] "2" { fileinto "two"; }', 'two'],
  ])('%s', async (script, expected) => {
    expect(await run(REQUIRE + script)).toEqual([`fileinto ${expected}`]);
  });

  test('a value is cut off at the limit, never in a character', async () => {
    const script = `${REQUIRE} set "a" "${'😀'.repeat(30_000)}"; set "b" "x\${a}\${a}"; if string :count "eq" "\${b}" "1" { keep; }`;
    expect(await run(script)).toEqual(['keep']);
  });

  test('what all of them hold has a limit', async () => {
    const sets = Array.from({ length: 20 }, (_, i) => `set "v${i}" "\${a}";`).join('');
    const outcome = await run(`${REQUIRE} set "a" "${'x'.repeat(60_000)}"; ${sets} discard;`);
    expect(outcome.join()).toMatch(/^keep,error .*variables hold too much/);
  });
});

describe('relational (RFC 5231)', () => {
  test.each([
    ['header :count "gt" ["to", "from", "cc"] "1"', true],
    ['header :count "eq" "x-none" "0"', true],
    ['address :count "eq" "to" "2"', true],
    ['address :detail :count "eq" "to" "2"', true],
    ['header :value "lt" :comparator "i;ascii-numeric" "x" "10"', true],
    ['header :value "lt" "x" "10"', false],
    ['header :value "ge" "x" "9"', true],
    ['header :value "ne" "x" "9"', false],
    ['header :value "eq" "x" "9"', true],
    ['header :value "le" "x" "9"', true],
  ])('%s', async (script, expected) => {
    expect(await holds(script, MAIL.replace('Subject', 'X: 9\nSubject'))).toBe(expected);
  });
});

describe('imap4flags (RFC 5232)', () => {
  const REQUIRE = 'require ["imap4flags", "fileinto", "variables", "relational", "comparator-i;ascii-numeric"];';
  test.each([
    ['setflag "\\\\Seen"; keep;', ['keep (\\Seen)']],
    ['setflag "\\\\Seen";', ['keep (\\Seen)']],
    ['addflag ["\\\\seen \\\\FLAGGED", "$a"]; addflag "$A";', ['keep (\\Seen \\Flagged $a)']],
    ['addflag "a b c"; removeflag ["B"];', ['keep (a c)']],
    ['addflag "a"; setflag "b"; fileinto "X"; setflag "";', ['fileinto X (b)']],
    ['setflag "a"; fileinto :flags "b c" "X"; keep :flags "";', ['fileinto X (b c)', 'keep']],
    ['setflag "v" "x y"; addflag "v" "z"; keep :flags "${v}";', ['keep (x y z)']],
    ['setflag "v" "x"; removeflag "v" "x"; keep :flags "${v}";', ['keep']],
    ['setflag "a\\"b c(d \\\\Other e";', ['keep (e)']],
    ['setflag "a b"; if hasflag "B" { fileinto "X"; }', ['fileinto X (a b)']],
    ['setflag "a b"; if hasflag :contains "c" { fileinto "X"; }', ['keep (a b)']],
    ['setflag "a b"; if hasflag "c b" { fileinto "X"; }', ['fileinto X (a b)']],
    ['setflag "v" "a b"; if hasflag :count "eq" "v" "2" { fileinto "X"; }', ['fileinto X']],
    ['if hasflag :count "eq" "0" { fileinto "X"; }', ['fileinto X']],
  ])('%s', async (script, expected) => {
    expect(await run(REQUIRE + script)).toEqual(expected);
  });
});

describe('date (RFC 5260)', () => {
  test.each([
    ['date "date" "year" "2026"', true],
    ['date "date" "month" "11"', true],
    ['date "date" "day" "17"', true],
    ['date "date" "date" "2026-11-17"', true],
    ['date "date" "hour" "14"', true],
    ['date :originalzone "date" "hour" "23"', true],
    ['date :zone "-1000" "date" "time" "04:30:15"', true],
    ['date :zone "+1000" "date" "date" "2026-11-18"', true],
    ['date :zone "+0530" "date" "iso8601" "2026-11-17T20:00:15+05:30"', true],
    ['date :originalzone "date" "std11" "Tue, 17 Nov 2026 23:30:15 +0900"', true],
    ['date :originalzone "date" "zone" "+0900"', true],
    ['date "date" "weekday" "2"', true],
    ['date "date" "julian" "61361"', true],
    ['date "date" "minute" "30"', true],
    ['date "date" "second" "15"', true],
    ['date :value "ge" "date" "hour" "09"', true],
    ['date "x-none" "year" "2026"', false],
    ['date "subject" "year" "2026"', false],
    ['currentdate "date" "2026-11-21"', true],
    ['currentdate "weekday" "6"', true],
    ['currentdate :zone "+0900" "hour" "12"', true],
    ['allof(currentdate :value "ge" "date" "2026-11-01", currentdate :value "le" "date" "2026-11-30")', true],
  ])('%s', async (script, expected) => {
    expect(await holds(script)).toBe(expected);
  });

  test('the date of a Received field stands at its end', async () => {
    const mail = 'Received: by a; Mon, 2 Nov 2026 10:00:00 -0500 (EST)\nReceived: by b; 1 Nov 2026 10:00:00 GMT\n\n';
    expect(await holds('date "received" "hour" "15"', mail)).toBe(true);
    expect(await holds('date :originalzone "received" "zone" "-0500"', mail)).toBe(true);
    expect(await holds('date :index 2 "received" "day" "01"', mail)).toBe(true);
    expect(await holds('date :last :index 1 "received" "day" "01"', mail)).toBe(true);
    expect(await holds('date :index 3 "received" "day" "01"', mail)).toBe(false);
  });

  test('what is local is the owner’s zone', async () => {
    expect(await holds('date "date" "hour" "23"', MAIL, { zone: 540 })).toBe(true);
    expect(await holds('currentdate "zone" "+0900"', MAIL, { zone: 540 })).toBe(true);
  });
});

describe('index (RFC 5260)', () => {
  const mail = 'X: 1\nX: 2\nX: 3\nTo: a@x.example, b@x.example\nTo: c@x.example\n\n';
  test.each([
    ['header :index 2 "x" "2"', true],
    ['header :index 1 :last "x" "3"', true],
    ['header :index 4 "x" ["1", "2", "3"]', false],
    ['address :index 2 "to" "c@x.example"', true],
    ['address :index 1 "to" "c@x.example"', false],
    ['header :index 4 ["x", "to"] "a@x.example, b@x.example"', true],
    ['header :index 1 :last ["to", "x"] "3"', true],
  ])('%s', async (script, expected) => {
    expect(await holds(script, mail)).toBe(expected);
  });
});

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

describe('reject (RFC 5429)', () => {
  test('cancels the implicit keep, and goes with nothing that takes the mail', async () => {
    expect(await run('require "reject"; reject "no";')).toEqual(['reject no']);
    expect(await run('require "ereject"; ereject "no";')).toEqual(['reject no']);
    for (const other of ['keep;', 'fileinto "A";', 'redirect "a@b.example";', 'reject "again";', 'vacation "away";'])
      expect(await run(`require ["reject", "fileinto", "vacation"]; ${other} reject "no";`)).toEqual([
        'keep',
        expect.stringMatching(/^error .*reject/),
      ]);
  });
});

describe('vacation (RFC 5230, RFC 6131)', () => {
  async function vacation(args: string): Promise<unknown> {
    const { actions, error } = await sieve(`require ["vacation", "vacation-seconds"]; vacation ${args};`);
    return error ?? actions[0];
  }

  test('keeps the mail', async () => {
    expect(await run('require "vacation"; vacation "away";')).toEqual(['vacation away', 'keep']);
    expect(await run('require "vacation"; discard; vacation "away";')).toEqual(['vacation away']);
  });

  test('takes a period in days or seconds, within bounds', async () => {
    const seconds = async (args: string): Promise<number> => ((await vacation(args)) as { seconds: number }).seconds;
    expect(await seconds('"a"')).toBe(7 * 86_400);
    expect(await seconds(':days 3 "a"')).toBe(3 * 86_400);
    expect(await seconds(':days 0 "a"')).toBe(86_400);
    expect(await seconds(':days 9999 "a"')).toBe(90 * 86_400);
    expect(await seconds(':seconds 1800 "a"')).toBe(1_800);
    expect(await seconds(':seconds 0 "a"')).toBe(60);
    await expect(vacation(':days 1 :seconds 1 "a"')).rejects.toThrow('exclude each other');
  });

  test('without a handle, each answer of its own counts by itself', async () => {
    const handle = async (args: string): Promise<string> => ((await vacation(args)) as { handle: string }).handle;
    expect(await handle(':handle "h" "a"')).toBe('h');
    expect(await handle('"a"')).toBe(await handle(':days 3 "a"'));
    expect(await handle('"a"')).not.toBe(await handle('"b"'));
    expect(await handle(':subject "s" "a"')).not.toBe(await handle('"a"'));
  });

  test('answers once, from an address', async () => {
    expect(await run('require "vacation"; vacation "a"; vacation "b";')).toEqual([
      'keep',
      expect.stringContaining('once'),
    ]); // prettier-ignore
    await expect(vacation(':from "nobody" "a"')).rejects.toThrow('not an address');
    expect(await vacation(':from "홍 <a@b.example>" "a"')).toMatchObject({ from: '홍 <a@b.example>' });
  });
});

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

describe('mailboxes (RFC 5490, RFC 9042, RFC 8579)', () => {
  test('are tested, and made', async () => {
    expect(await holds('mailboxexists ["INBOX", "Junk"]', MAIL, {}, 'mailbox')).toBe(true);
    expect(await holds('mailboxexists ["INBOX", "None"]', MAIL, {}, 'mailbox')).toBe(false);
    expect(await holds('mailboxidexists ["F1"]', MAIL, {}, 'mailboxid')).toBe(true);
    expect(await holds('mailboxidexists ["F1", "F9"]', MAIL, {}, 'mailboxid')).toBe(false);
    expect(await holds('specialuse_exists "\\\\Junk"', MAIL, {}, 'special-use')).toBe(true);
    expect(await holds('specialuse_exists "INBOX" "\\\\Junk"', MAIL, {}, 'special-use')).toBe(false);
    expect(await run('require ["fileinto", "mailbox"]; fileinto :create "A/B";')).toEqual(['fileinto :create A/B']);
  });

  test('are named by id or use', async () => {
    const script =
      'require ["fileinto", "mailboxid", "special-use"]; fileinto :mailboxid "F1" "A"; fileinto :specialuse "\\\\Junk" "B";'; // prettier-ignore
    expect((await sieve(script)).actions).toMatchObject([
      { mailbox: 'A', mailboxId: 'F1', specialUse: undefined },
      { mailbox: 'B', mailboxId: undefined, specialUse: '\\Junk' },
    ]);
    const both =
      'require ["fileinto", "mailboxid", "special-use"]; fileinto :mailboxid "F1" :specialuse "\\\\Junk" "A";'; // prettier-ignore
    await expect(sieve(both)).rejects.toThrow('exclude each other');
  });
});

describe('include (RFC 6609)', () => {
  const REQUIRE = 'require ["include", "variables", "fileinto"];';
  const filed = (script: string, scripts: Record<string, string>): Promise<string[]> =>
    run(REQUIRE + script, MAIL, { scripts });

  test('runs another script in its place', async () => {
    expect(await filed('include "a"; fileinto "B";', { a: 'require "fileinto"; fileinto "A";' })).toEqual([
      'fileinto A',
      'fileinto B',
    ]); // prettier-ignore
  });

  test('return ends the inner script, stop all of them', async () => {
    expect(await filed('include "a"; fileinto "B";', { a: 'require "include"; return; discard;' })).toEqual([
      'fileinto B',
    ]); // prettier-ignore
    expect(await filed('include "a"; fileinto "B";', { a: 'stop;' })).toEqual(['keep']);
    expect(await filed('if true { return; } fileinto "B";', {})).toEqual(['keep']);
  });

  test('a script that is not there is an error, unless that was foreseen', async () => {
    expect((await filed('include "a";', {})).join()).toMatch(/^keep,error .*there is no script "a"/);
    expect((await filed('include :global "a";', { a: 'discard;' })).join()).toMatch(/there is no script/);
    expect(await filed('include :optional "a"; fileinto "B";', {})).toEqual(['fileinto B']);
  });

  test('once is once', async () => {
    const scripts = { a: `${REQUIRE} global "n"; set "n" "x\${n}";` };
    const count = (script: string): Promise<string[]> => filed(`global "n"; ${script} fileinto "\${n}";`, scripts);
    expect(await count('include :once "a"; include :once "a";')).toEqual(['fileinto x']);
    expect(await count('include "a"; include :once "a"; include "a";')).toEqual(['fileinto xx']);
  });

  test('variables are a script’s own, or everybody’s', async () => {
    const scripts = {
      own: `${REQUIRE} set "v" "inner";`,
      shared: `${REQUIRE} global "v"; set "v" "inner";`,
      named: `${REQUIRE} set "global.v" "named";`,
    };
    expect(await filed('set "v" "outer"; include "own"; fileinto "${v}";', scripts)).toEqual(['fileinto outer']);
    expect(await filed('global ["v"]; include "shared"; fileinto "${v}";', scripts)).toEqual(['fileinto inner']);
    expect(await filed('include "named"; fileinto "${global.v}";', scripts)).toEqual(['fileinto named']);
  });

  test('an endless one is refused', async () => {
    expect((await filed('include "a";', { a: 'require "include"; include "a";' })).join()).toMatch(
      /^keep,error .*deeper than 10/,
    ); // prettier-ignore
    const two = {
      a: 'require "include"; include "b"; include "b"; include "b";',
      b: 'require "include"; include "c"; include "c"; include "c";',
      c: 'require "include"; include "d"; include "d"; include "d";',
      d: 'require "include"; include "e"; include "e"; include "e";',
      e: 'keep;',
    }; // prettier-ignore
    expect((await filed('include "a";', two)).join()).toMatch(/more than 100 scripts/);
  });

  test('a mistake in an inner script is told', async () => {
    expect((await filed('include "a";', { a: 'fly;' })).join()).toMatch(/^keep,error .*no command 'fly'/);
  });
});

describe('duplicate (RFC 7352)', () => {
  const script = (args: string): string => `require "duplicate"; if duplicate ${args} { discard; }`;

  test('the first is kept and remembered, the second is one', async () => {
    const first = await sieve(script(''));
    expect(told(first)).toEqual(['keep']);
    expect(first.remember).toEqual([{ id: '["","<one@example.com>"]', seconds: 7 * 86_400 }]);
    const seen = new Set(first.remember.map(({ id }) => id));
    const second = await sieve(script(''), MAIL, { seen });
    expect(told(second)).toEqual([]);
    expect(second.remember).toEqual([]);
  });

  test('is about any value, kept apart by handles', async () => {
    const ids = async (args: string): Promise<unknown> => (await sieve(script(args))).remember;
    expect(await ids(':header "subject"')).toMatchObject([{ id: '["","=?utf-8?b?7ZqM7J2Y?= Meeting at three"]' }]);
    expect(await ids(':uniqueid "u" :handle "h"')).toMatchObject([{ id: '["h","u"]' }]);
    expect(await ids(':seconds 60')).toMatchObject([{ seconds: 60 }]);
    expect(await ids(':header "x-none"')).toEqual([]);
  });

  test('with :last each one counts anew', async () => {
    const again = await sieve(script(':last'), MAIL, { seen: new Set(['["","<one@example.com>"]']) });
    expect(told(again)).toEqual([]);
    expect(again.remember).toHaveLength(1);
  });

  test('a script that fails remembers nothing', async () => {
    const failed = await sieve('require ["duplicate", "ihave"]; if duplicate { } error "x";');
    expect(failed.remember).toEqual([]);
  });
});

describe('regex', () => {
  test('match variables are the groups', async () => {
    const script = `require ["regex", "variables", "fileinto"];
      if header :regex "subject" "(meet[a-z]+) at (.*)$" { fileinto "\${0}|\${1}|\${2}"; }`;
    expect(await run(script)).toEqual(['fileinto Meeting at three|Meeting|three']);
  });

  test('an expression that is made while it runs may be wrong', async () => {
    const script = 'require ["regex", "variables"]; set "a" "("; if header :regex "subject" "${a}" { discard; }';
    expect((await run(script)).join()).toMatch(/^keep,error .*not a regular expression/);
  });

  test(':quoteregex takes the meaning away', async () => {
    const script = `require ["regex", "variables"]; set :quoteregex "a" "a.b*(c)";
      if header :regex "x" "^\${a}$" { discard; }`;
    expect(await run(script, 'X: a.b*(c)\n\n')).toEqual([]);
    expect(await run(script, 'X: aabbbc\n\n')).toEqual(['keep']);
  });

  test.each([
    ['address :regex :comparator "i;octet" "from" "^GILDONG"', false],
    ['address :regex "from" "^GILDONG"', true],
  ])('%s', async (script, expected) => {
    expect(await holds(script)).toBe(expected);
  });
});

describe('environment and ihave (RFC 5183, RFC 5463)', () => {
  test('what is not known does not hold', async () => {
    const environment = new Map([['name', 'Pabal']]);
    expect(await holds('environment "NAME" "pabal"', MAIL, { environment }, 'environment')).toBe(true);
    expect(await holds('environment :contains "remote-ip" ""', MAIL, { environment }, 'environment')).toBe(false);
  });

  test('a script does without what is not there', async () => {
    const script =
      'require "ihave"; if ihave ["fileinto", "flying"] { fly "A"; } elsif ihave "fileinto" { fileinto "A"; }'; // prettier-ignore
    expect(await run(script)).toEqual(['fileinto A']);
    expect((await run('require "ihave"; fly;')).join()).toMatch(/^keep,error .*no command 'fly'/);
    expect(await run('require "ihave"; error "not here";')).toEqual(['keep', 'error line 1, column 18: not here']);
  });
});

const NESTED = [
  'Subject: outer',
  'Content-Type: multipart/mixed; boundary=a',
  '',
  '--a',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'text',
  '--a',
  'Content-Type: application/pdf; name="plan.pdf"',
  "Content-Disposition: attachment; filename*=utf-8''%EA%B3%84%ED%9A%8D.pdf",
  '',
  'pdf',
  '--a',
  'Content-Type: message/rfc822',
  '',
  'From: inner@example.com',
  'Subject: inner',
  '',
  'inner text',
  '--a--',
  '',
].join('\n');

describe('mime and foreverypart (RFC 5703)', () => {
  const requires = 'mime", "foreverypart", "imap4flags';
  test.each([
    ['header :mime :type :is "content-type" "multipart"', true],
    ['header :mime :type :is "content-type" "application"', false],
    ['header :mime :anychild :type :is "content-type" "application"', true],
    ['header :mime :anychild :subtype :is "content-type" "PDF"', true],
    ['header :mime :anychild :contenttype :is "content-type" "application/pdf"', true],
    ['header :mime :anychild :param "filename" :matches "content-disposition" "계획.*"', true],
    ['header :mime :anychild :param ["size", "name"] :is "content-type" "plan.pdf"', true],
    ['header :mime :anychild :type :is "content-disposition" "attachment"', true],
    ['header :mime :anychild :contains "subject" "inner"', true],
    ['header :mime :contains "subject" "inner"', false],
    ['address :mime :anychild :is "from" "inner@example.com"', true],
    ['exists :mime :anychild ["content-disposition", "from"]', true],
    ['exists :mime ["content-disposition"]', false],
  ])('%s: %s', async (condition, expected) => {
    expect(await holds(condition, NESTED, {}, requires)).toBe(expected);
  });

  const require = `require ["${requires}"];`;
  const inPart = 'if header :mime :contenttype :is "content-type"';

  test('each part is come to, in order, with its own header; a break leaves the loop that it names', async () => {
    const marks = `${inPart} "text/plain" { addflag "text"; } ${inPart} "application/pdf" { addflag "pdf"; %s }
      ${inPart} "message/rfc822" { addflag "mail"; }`;
    const loop = (then: string) => `${require} foreverypart { ${marks.replace('%s', then)} }`;
    expect(await run(loop(''), NESTED)).toEqual(['keep (text pdf mail)']);
    expect(await run(loop('break;'), NESTED)).toEqual(['keep (text pdf)']);
    expect(await run(loop('stop;'), NESTED)).toEqual(['keep (text pdf)']);
    const nested = (then: string) =>
      `${require} foreverypart :name "out" { addflag "$out"; foreverypart :name "in" { addflag "$in"; break ${then}; } } addflag "end";`;
    expect(await run(nested(':name "out"'), NESTED)).toEqual(['keep ($out $in end)']);
    expect(await run(nested(''), NESTED)).toEqual(['keep ($out $in end)']);
  });

  test('what cannot be is said', async () => {
    const told = "error line 1, column 49: 'break' outside of the 'foreverypart' that it ends";
    expect(await run(`${require} break;`)).toEqual(['keep', told]);
    const unknown = await run(`${require} foreverypart :name "a" { break :name "b"; }`);
    expect(unknown[1]).toContain("'break' outside");
    await expect(run(`${require} if header :anychild "a" "b" { keep; }`)).rejects.toThrow(':anychild takes :mime, too');
  });
});

describe('spamtest and virustest (RFC 5235)', () => {
  const requires = 'spamtest", "spamtestplus", "virustest';
  const world = { spamtest: 7, spamPercent: 66, virustest: 1 };
  test.each([
    ['spamtest :value "ge" :comparator "i;ascii-numeric" "7"', true, world],
    ['spamtest :value "gt" :comparator "i;ascii-numeric" "7"', false, world],
    ['spamtest :percent :value "eq" :comparator "i;ascii-numeric" "66"', true, world],
    ['virustest :value "eq" :comparator "i;ascii-numeric" "1"', true, world],
    ['spamtest :value "eq" :comparator "i;ascii-numeric" "0"', true, {}],
    ['spamtest :count "eq" "0"', true, {}],
    ['virustest :value "eq" :comparator "i;ascii-numeric" "0"', true, {}],
  ])('%s: %s', async (condition, expected, given) => {
    expect(await holds(condition, MAIL, given, requires)).toBe(expected);
  });
});
