/** RFC 6609: scripts within scripts. */
import { describe, expect, test } from 'vitest';
import { MAIL, run } from '../../../../test/support/sieve.ts';

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
