/** RFC 5183 and RFC 5463: where a script runs, and what is there. */
import { describe, expect, test } from 'vitest';
import { holds, MAIL, run } from '../../../../test/support/sieve.ts';

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
