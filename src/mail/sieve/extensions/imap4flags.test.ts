/** RFC 5232: flags that are set on what is kept. */
import { describe, expect, test } from 'vitest';
import { run } from '../../../../test/support/sieve.ts';

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
