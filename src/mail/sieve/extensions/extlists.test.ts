/** RFC 6134: lists that are kept outside of scripts. */
import { describe, expect, test } from 'vitest';
import { holds, run } from '../../../../test/support/sieve.ts';

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
