/** RFC 3894: an action that leaves the implicit keep alone. */
import { describe, expect, test } from 'vitest';
import { run } from '../../../../test/support/sieve.ts';

describe('copy (RFC 3894)', () => {
  test('leaves the implicit keep alone', async () => {
    expect(await run('require ["copy", "fileinto"]; fileinto :copy "A";')).toEqual(['fileinto A', 'keep']);
    expect(await run('require "copy"; redirect :copy "a@b.example";')).toEqual(['redirect a@b.example', 'keep']);
  });
});
