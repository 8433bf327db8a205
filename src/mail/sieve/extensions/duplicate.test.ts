/** RFC 7352: mail that was seen before. */
import { describe, expect, test } from 'vitest';
import { MAIL, sieve, told } from '../../../../test/support/sieve.ts';

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
