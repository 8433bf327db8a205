/** RFC 5429: mail that is sent back. */
import { describe, expect, test } from 'vitest';
import { run } from '../../../../test/support/sieve.ts';

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
