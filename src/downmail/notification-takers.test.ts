import { expect, test } from 'vitest';
import { MemoryCache } from '../adapters/cache-memory.ts';
import { ManualClock } from '../adapters/clock-manual.ts';
import { DnsError } from '../ports/resolver.ts';
import { NotificationTakers } from './notification-takers.ts';

test('who takes notifications is said by the operator or by DNS, asked once an hour; who cannot be asked is conventional', async () => {
  const clock = new ManualClock(0);
  const asked: string[] = [];
  const txt = (name: string): Promise<string[]> => {
    asked.push(name);
    if (name.endsWith('down.test')) return Promise.resolve(['v=spf1', 'v=DOWNMAIL1; x=y']);
    if (name.endsWith('other.test')) return Promise.resolve(['v=DOWNMAIL2']);
    return Promise.reject(new DnsError('servfail', name));
  };
  const takers = new NotificationTakers({
    resolver: { txt },
    cache: new MemoryCache(clock),
    clock,
    domains: new Set(['named.test']),
  });
  for (let i = 0; i < 2; i++) {
    expect(await takers.takes('Down.test')).toBe(true);
    expect(await takers.takes('other.test')).toBe(false);
    expect(await takers.takes('broken.test')).toBe(false);
    expect(await takers.takes('NAMED.test')).toBe(true);
  }
  expect(asked).toEqual(['_downmail.down.test', '_downmail.other.test', '_downmail.broken.test']);
});
