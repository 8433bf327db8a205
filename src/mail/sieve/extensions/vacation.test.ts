/** RFC 5230 and RFC 6131: answers in one’s absence. */
import { describe, expect, test } from 'vitest';
import { run, sieve } from '../../../../test/support/sieve.ts';

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

  test('vacation-seconds needs no second require (RFC 6131 §2)', async () => {
    expect(await run('require "vacation-seconds"; vacation :seconds 60 "away";')).toEqual(['vacation away', 'keep']);
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
