/** RFC 5229: texts that a script keeps and puts together. */
import { describe, expect, test } from 'vitest';
import { run } from '../../../../test/support/sieve.ts';

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
