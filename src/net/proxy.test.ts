import { expect, test } from 'vitest';
import { parseProxyHeader, trustedPeers } from './proxy.ts';

const v2 = (command: number, family: number, body: number[], length = body.length): Buffer =>
  Buffer.concat([
    Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'),
    Buffer.from([command, family, length >> 8, length & 255, ...body]),
  ]);

test('version 1 names the client, in any cut', () => {
  const header = 'PROXY TCP4 192.0.2.7 198.51.100.1 56324 25\r\n';
  expect(parseProxyHeader(Buffer.from(`${header}EHLO x\r\n`))).toEqual({
    source: { address: '192.0.2.7', port: 56324 },
    length: header.length,
  });
  for (let i = 1; i < header.length; i++) expect(parseProxyHeader(Buffer.from(header.slice(0, i)))).toBeUndefined();
  expect(parseProxyHeader(Buffer.from('PROXY UNKNOWN\r\n'))).toEqual({ source: undefined, length: 15 });
});

test.each([
  'EHLO x\r\n',
  'PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n',
  'PROXY TCP4 192.0.2.700 198.51.100.1 1 25\r\n',
  'PROXY TCP6 192.0.2.7 198.51.100.1 1 25\r\n',
  'PROXY TCP4 192.0.2.7 198.51.100.1 99999 25\r\n',
  'PROXY TCP4 192.0.2.7 198.51.100.1 1 25 x\r\n',
  `PROXY ${'x'.repeat(200)}`,
])('version 1, malformed: %j', (text) => {
  expect(parseProxyHeader(Buffer.from(text))).toBe('malformed');
});

test('version 2: addresses, local, extensions', () => {
  const four = [192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 0x04, 0, 25];
  expect(parseProxyHeader(v2(0x21, 0x11, four))).toEqual({ source: { address: '192.0.2.7', port: 56324 }, length: 28 });
  expect(parseProxyHeader(v2(0x21, 0x11, [...four, 4, 0, 1, 9]))).toMatchObject({ length: 32 });
  expect(parseProxyHeader(v2(0x20, 0, []))).toEqual({ source: undefined, length: 16 });
  const six = [0x20, 1, 0xd, 0xb8, ...Array<number>(11).fill(0), 1, ...Array<number>(16).fill(0), 0, 99, 0, 25];
  expect(parseProxyHeader(v2(0x21, 0x21, six))).toMatchObject({
    source: { address: '2001:db8:0:0:0:0:0:1', port: 99 },
  });
  for (let i = 1; i < 28; i++) expect(parseProxyHeader(v2(0x21, 0x11, four).subarray(0, i))).toBeUndefined();
});

test('version 2: a length too short for its addresses, too long, or another version is refused', () => {
  expect(parseProxyHeader(v2(0x21, 0x11, [1, 2, 3, 4]))).toBe('malformed');
  expect(parseProxyHeader(v2(0x21, 0x21, Array<number>(12).fill(0)))).toBe('malformed');
  expect(parseProxyHeader(v2(0x21, 0x11, [], 60_000))).toBe('malformed');
  expect(parseProxyHeader(v2(0x11, 0x11, []))).toBe('malformed');
  expect(parseProxyHeader(v2(0x2f, 0x11, []))).toBe('malformed');
  expect(parseProxyHeader(v2(0x21, 0xff, []))).toBe('malformed');
});

test('trusted peers are addresses and networks', () => {
  const trusted = trustedPeers(['10.0.0.0/8', '::1', '192.0.2.1']);
  expect(['10.1.2.3', '::1', '192.0.2.1', '192.0.2.2', '::2'].map(trusted)).toEqual([true, true, true, false, false]);
});
