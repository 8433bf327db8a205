/** `${hex:...}` and `${unicode:...}` in strings (RFC 5228 §2.4.2.4). */

/** Throws an `Error` that says what is wrong. */
export function decodeEncodedCharacters(text: string): string {
  let out = '';
  let from = 0;
  for (let start = text.indexOf('${'); start >= 0; start = text.indexOf('${', start + 2)) {
    const end = text.indexOf('}', start);
    if (end < 0) break;
    const decoded = decode(text.slice(start + 2, end));
    if (decoded === undefined) continue;
    out += text.slice(from, start) + decoded;
    from = end + 1;
  }
  return out + text.slice(from);
}

/** Undefined when it is something else in braces. */
function decode(inner: string): string | undefined {
  const colon = inner.indexOf(':');
  const kind = inner.slice(0, Math.max(0, colon)).toLowerCase();
  if (kind !== 'hex' && kind !== 'unicode') return undefined;
  const words = inner
    .slice(colon + 1)
    .split(/[ \t\r\n]/)
    .filter((word) => word !== '');
  const longest = kind === 'hex' ? 2 : 8;
  if (words.length === 0 || !words.every((word) => word.length <= longest && /^[0-9A-Fa-f]+$/.test(word)))
    return undefined;
  const codes = words.map((word) => Number.parseInt(word, 16));
  if (kind === 'hex') return words.every((word) => word.length === 2) ? Buffer.from(codes).toString() : undefined;
  for (const code of codes)
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
      throw new Error(`there is no Unicode character ${code.toString(16)}`);
  return codes.map((code) => String.fromCodePoint(code)).join('');
}
