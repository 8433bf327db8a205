import { expect, test } from 'vitest';
import { HeaderBlock } from './header.ts';
import { isTlsOptional } from './tls-required.ts';

test.each([
  ['TLS-Required: No\r\n', true],
  ['tls-required:  no \r\n', true],
  ['TLS-Required: Yes\r\n', false],
  ['TLS-Required: No\r\nTLS-Required: No\r\n', false],
  ['Subject: TLS-Required: No\r\n', false],
])('%j', (header, optional) => {
  expect(isTlsOptional(HeaderBlock.parse(Buffer.from(header)))).toBe(optional);
});
