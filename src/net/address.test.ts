import { expect, test } from 'vitest';
import { formatHostPort, isLoopback, isPublic, networkOf, parseListen, plainAddress } from './address.ts';
import { Admission } from './admission.ts';

test('addresses to listen on', () => {
  expect(parseListen('127.0.0.1:25, [::1]:0')).toEqual([
    { host: '127.0.0.1', port: 25 },
    { host: '::1', port: 0 },
  ]);
  expect(parseListen('[::1]:25').map(formatHostPort)).toEqual(['[::1]:25']);
  for (const wrong of ['', '25', ':25', 'host:', 'host:x', 'host:65536'])
    expect(() => parseListen(wrong)).toThrow('expected "host:port"');
});

test('what counts as one neighbour', () => {
  expect(networkOf('192.0.2.77')).toBe('192.0.2.0/24');
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0::/64');
  expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
  expect(networkOf('::1')).toBe('0:0:0:0::/64');
  expect(plainAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(isLoopback('127.3.2.1') && isLoopback('::1') && !isLoopback('128.0.0.1')).toBe(true);
});

const LIMITS = { total: 10, perAddress: 2, perNetwork: 3, perMinute: 4, limitLoopback: false };

test('connections are limited per address, per network, in all, and per minute; whoever leaves makes room', () => {
  const door = new Admission(LIMITS);
  const a = '192.0.2.1';
  expect([door.enter(a, 0), door.enter(a, 0), door.enter(a, 0)]).toEqual([undefined, undefined, 'address']);
  expect([door.enter('192.0.2.2', 0), door.enter('192.0.2.3', 0)]).toEqual([undefined, 'network']);
  door.leave(a);
  expect([door.enter(a, 0), door.enter(a, 0), door.enter(a, 60_000)]).toEqual([undefined, 'rate', 'address']);
  for (let i = 0; i < 7; i++) expect(door.enter(`198.51.${i}.1`, 0)).toBeUndefined();
  expect(door.enter('203.0.113.1', 0)).toBe('total');
});

test('loopback counts in the total only, unless told otherwise', () => {
  const door = new Admission(LIMITS);
  for (let i = 0; i < 10; i++) expect(door.enter('127.0.0.1', 0)).toBeUndefined();
  expect(door.enter('127.0.0.1', 0)).toBe('total');
  const strict = new Admission({ ...LIMITS, limitLoopback: true });
  expect([1, 2, 3].map(() => strict.enter('::1', 0))).toEqual([undefined, undefined, 'address']);
});

test('what anybody on the Internet can mean', () => {
  for (const address of ['8.8.8.8', '::ffff:8.8.8.8', '2606:4700::1', '2001:4860::1', '64:ff9b::808:808'])
    expect([address, isPublic(address)]).toEqual([address, true]);
  const special =
    '127.0.0.1 10.0.0.1 172.31.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 :: ::1 ' +
    '::ffff:127.0.0.1 ::ffff:7f00:1 ::7f00:1 fe80::1 fe80::1%eth0 fd00::1 ff02::1 2001:db8::1 2002:7f00:1:: 64:ff9b::a00:1 64:ff9b::7f00:1 nonsense';
  for (const address of special.split(' ')) expect([address, isPublic(address)]).toEqual([address, false]);
});
