/**
 * Mailbox names on the wire: modified UTF-7 (RFC 3501 §5.1.3). Only the canonical spelling is accepted, so that one
 * name has one spelling and an unreadable one can never match another folder.
 */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,';
const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

const AMPERSAND = 0x26;
const DASH = 0x2d;

/** Printable US-ASCII stands for itself. */
function direct(code: number): boolean {
  return code >= 0x20 && code <= 0x7e;
}

/** A name as modified UTF-7: printable ASCII whatever the name. */
export function encodeMailboxName(name: string): string {
  let out = '';
  let bits = 0;
  let held = 0;
  let shifted = false;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (direct(code)) {
      if (shifted) {
        out += `${held > 0 ? ALPHABET[(bits << (6 - held)) & 63] : ''}-`;
        bits = held = 0;
        shifted = false;
      }
      out += code === AMPERSAND ? '&-' : name[i];
      continue;
    }
    if (!shifted) {
      out += '&';
      shifted = true;
    }
    bits = (bits << 16) | code;
    held += 16;
    while (held >= 6) {
      held -= 6;
      out += ALPHABET[(bits >>> held) & 63];
    }
    bits &= (1 << held) - 1;
  }
  if (shifted) out += `${held > 0 ? ALPHABET[(bits << (6 - held)) & 63] : ''}-`;
  return out;
}

/** The name that modified UTF-7 spells, or undefined when it is not canonical modified UTF-7 of well-formed text. */
export function decodeMailboxName(wire: string): string | undefined {
  let name = '';
  for (let i = 0; i < wire.length; i++) {
    const code = wire.charCodeAt(i);
    if (!direct(code)) return undefined;
    if (code !== AMPERSAND) {
      name += wire[i];
      continue;
    }
    if (wire.charCodeAt(i + 1) === DASH) {
      name += '&';
      i++;
      continue;
    }
    let bits = 0;
    let held = 0;
    for (i++; ; i++) {
      if (i >= wire.length) return undefined;
      const at = wire.charCodeAt(i);
      if (at === DASH) break;
      const value = at < 128 ? (VALUES[at] as number) : -1;
      if (value < 0) return undefined;
      bits = (bits << 6) | value;
      held += 6;
      if (held >= 16) {
        held -= 16;
        name += String.fromCharCode((bits >>> held) & 0xffff);
        bits &= (1 << held) - 1;
      }
    }
  }
  // The encoder writes the canonical spelling; whatever differs from it has another spelling of its own.
  return name.isWellFormed() && encodeMailboxName(name) === wire ? name : undefined;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The name on the wire: UTF-8 once the client said that it speaks that, else modified UTF-7; undefined when it is not that. */
export function nameOnWire(wire: Uint8Array, utf8: boolean): string | undefined {
  if (!utf8) return decodeMailboxName(Buffer.from(wire.buffer, wire.byteOffset, wire.byteLength).toString('latin1'));
  try {
    return strictUtf8.decode(wire);
  } catch {
    return undefined;
  }
}

/** The one spelling a path has in the store: NFC, INBOX in capitals also above its children. */
export function canonicalPath(path: string): string {
  const nfc = path.normalize('NFC');
  const head = nfc.slice(0, 5);
  return head.toUpperCase() === 'INBOX' && (nfc.length === 5 || nfc[5] === '/') ? `INBOX${nfc.slice(5)}` : nfc;
}
