import type { HeaderBlock } from './header.ts';

/** Does its author rather have it delivered than kept from servers whose certificates fail (`TLS-Required: No`, RFC 8689 §5)? */
export function isTlsOptional(header: HeaderBlock): boolean {
  const [value, ...more] = header.all('tls-required');
  return more.length === 0 && value?.trim().toLowerCase() === 'no';
}
