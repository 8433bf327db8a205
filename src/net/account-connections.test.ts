import { expect, it } from 'vitest';
import { AccountConnections } from './account-connections.ts';

it('an account has so many places in all, and so many for one address', () => {
  const places = new AccountConnections({ perAccount: 3, perAccountAndAddress: 2, limitLoopback: false });
  const first = places.enter('alice', '192.0.2.1');
  expect(first).toBeDefined();
  const second = places.enter('alice', '192.0.2.1');
  expect(places.enter('alice', '192.0.2.1')).toBeUndefined();
  const third = places.enter('alice', '192.0.2.2');
  expect(places.enter('alice', '192.0.2.3')).toBeUndefined();
  const bobs = places.enter('bob', '192.0.2.1');
  expect(bobs).toBeDefined();
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  const again = places.enter('alice', '192.0.2.3');
  expect(again).toBeDefined();
  expect(places.enter('alice', '192.0.2.3')).toBeUndefined();
  for (const place of [second, third, bobs, again]) place?.[Symbol.dispose]();
  expect(places.accounts).toBe(0);
});

it('this machine is counted only when it is asked for', () => {
  const free = new AccountConnections({ perAccount: 1, perAccountAndAddress: 1, limitLoopback: false });
  expect([free.enter('a', '::1'), free.enter('a', '127.0.0.1')]).not.toContain(undefined);
  expect(free.accounts).toBe(0);
  const counted = new AccountConnections({ perAccount: 1, perAccountAndAddress: 1, limitLoopback: true });
  expect(counted.enter('a', '::1')).toBeDefined();
  expect(counted.enter('a', '127.0.0.1')).toBeUndefined();
});
