/** Strings as the server sends them (RFC 5804 §4). */

/** Bytes of a quoted string. */
const LONGEST_QUOTED = 1024;

/** Quoted where that can be, else a literal. */
export function string(text: string): string {
  const bytes = Buffer.byteLength(text);
  return bytes > LONGEST_QUOTED || /[\0\r\n]/.test(text) ? literal(text) : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

export function literal(text: string): string {
  return `{${Buffer.byteLength(text)}}\r\n${text}`;
}
