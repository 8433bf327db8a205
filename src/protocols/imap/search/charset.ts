/** Charsets of SEARCH strings. */
import { canonicalCharset, decodeCharset } from '../../../mail/charset.ts';
import type { TextOf } from '../wire/search-key.ts';

/** How to read strings in this charset; undefined when nobody knows it. */
export function searchCharset(label: string): TextOf | undefined {
  if (canonicalCharset(label) === 'unknown') return undefined;
  return (bytes) => decodeCharset(bytes, label);
}
