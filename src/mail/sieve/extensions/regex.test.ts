/** Regular expressions as a way to compare. */
import { describe, expect, test } from 'vitest';
import { holds, run } from '../../../../test/support/sieve.ts';

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
