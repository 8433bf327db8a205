/** Ends of lines: files of other programs have LF, mail has CRLF (RFC 5322 §2.1). */
const LF = 10;
const CR = 13;

/** What has a CRLF anywhere is taken as it is. */
export function withCrlf(raw: Uint8Array): Uint8Array {
  let lines = 0;
  for (let at = raw.indexOf(LF); at !== -1; at = raw.indexOf(LF, at + 1)) {
    if (at > 0 && raw[at - 1] === CR) return raw;
    lines++;
  }
  if (lines === 0) return raw;
  const out = new Uint8Array(raw.length + lines);
  let to = 0;
  for (let from = 0; from < raw.length; ) {
    const end = raw.indexOf(LF, from);
    const line = raw.subarray(from, end === -1 ? raw.length : end);
    out.set(line, to);
    to += line.length;
    from += line.length;
    if (end === -1) break;
    out[to++] = CR;
    out[to++] = LF;
    from++;
  }
  return out;
}
