/**
 * Bytes to text, whatever the label says. Never throws: what cannot be read becomes U+FFFD.
 *
 * Korean mail decides the design: TextDecoder knows only KS X 1001 under the name euc-kr, so the table of iconv-lite is
 * used (all of cp949); ISO-2022-KR and Johab are decoded here; and the label is not believed where the bytes contradict it.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';

/** Names seen in mail, lower case, where they differ from what the decoders call them. */
const ALIASES = new Map<string, string>([
  ['', 'unknown'],
  ['default', 'unknown'],
  ['unknown-8bit', 'unknown'],
  ['x-unknown', 'unknown'],
  ['us-ascii', 'ascii'],
  ['ansi_x3.4-1968', 'ascii'],
  ['iso-ir-6', 'ascii'],
  ['646', 'ascii'],
  ['7bit', 'ascii'],
  ['8bit', 'unknown'],
  ['utf8', 'utf-8'],
  ['unicode-1-1-utf-8', 'utf-8'],
  ['utf-8-mac', 'utf-8'],
  ['euc-kr', 'cp949'],
  ['euckr', 'cp949'],
  ['euc_kr', 'cp949'],
  ['cseuckr', 'cp949'],
  ['ks_c_5601-1987', 'cp949'],
  ['ks_c_5601-1989', 'cp949'],
  ['ks_c_5601', 'cp949'],
  ['ks-c-5601-1987', 'cp949'],
  ['ksc5601', 'cp949'],
  ['ksc_5601', 'cp949'],
  ['ksc-5601', 'cp949'],
  ['ksc5601-1987', 'cp949'],
  ['csksc56011987', 'cp949'],
  ['iso-ir-149', 'cp949'],
  ['korean', 'cp949'],
  ['5601', 'cp949'],
  ['949', 'cp949'],
  ['ms949', 'cp949'],
  ['x-windows-949', 'cp949'],
  ['windows-949', 'cp949'],
  ['win949', 'cp949'],
  ['uhc', 'cp949'],
  ['x-uhc', 'cp949'],
  ['cp1361', 'johab'],
  ['ms1361', 'johab'],
  ['ksc5601-1992', 'johab'],
  ['csiso2022kr', 'iso-2022-kr'],
  ['iso2022-kr', 'iso-2022-kr'],
  ['iso2022kr', 'iso-2022-kr'],
  ['csiso2022jp', 'iso-2022-jp'],
  ['iso2022-jp', 'iso-2022-jp'],
  ['iso2022jp', 'iso-2022-jp'],
  ['iso-2022-jp-1', 'iso-2022-jp'],
  ['iso-2022-jp-2', 'iso-2022-jp'],
  ['iso-2022-jp-ms', 'iso-2022-jp'],
  ['cp50220', 'iso-2022-jp'],
  ['cp50221', 'iso-2022-jp'],
  ['jis', 'iso-2022-jp'],
  ['shift-jis', 'cp932'],
  ['shift_jis', 'cp932'],
  ['sjis', 'cp932'],
  ['x-sjis', 'cp932'],
  ['windows-31j', 'cp932'],
  ['x-euc-jp', 'euc-jp'],
  ['gb2312', 'gb18030'],
  ['gb_2312-80', 'gb18030'],
  ['gbk', 'gb18030'],
  ['x-gbk', 'gb18030'],
  ['cp936', 'gb18030'],
  ['windows-936', 'gb18030'],
  ['euc-cn', 'gb18030'],
  ['cn-gb', 'gb18030'],
  ['cn-big5', 'big5'],
  ['x-x-big5', 'big5'],
  ['cp950', 'big5'],
  // Sent by programs that mean Windows' superset, which agrees wherever Latin-1 has printable characters.
  ['iso-8859-1', 'windows-1252'],
  ['iso8859-1', 'windows-1252'],
  ['iso_8859-1', 'windows-1252'],
  ['iso_8859-1:1987', 'windows-1252'],
  ['latin1', 'windows-1252'],
  ['latin-1', 'windows-1252'],
  ['l1', 'windows-1252'],
  ['x-mac-roman', 'macintosh'],
  ['utf7', 'utf-7'],
  ['unicode-1-1-utf-7', 'utf-7'],
]);

/** Things iconv-lite calls encodings that are no charsets. */
const NOT_CHARSETS = new Set(['base64', 'hex', 'binary', 'internal', 'utf7imap', 'utf-7-imap', 'raw']);
/** Every character takes two bytes or more outside ASCII; a valid UTF-8 text with three-byte characters is none of these. */
const MULTI_BYTE = new Set(['cp949', 'johab', 'cp932', 'euc-jp', 'gb18030', 'big5', 'big5-hkscs']);
/** ASCII bytes may mean something else. */
const SEVEN_BIT = new Set(['iso-2022-kr', 'iso-2022-jp', 'utf-7']);

const canonicalNames = new Map<string, string>();

/** The name our decoders use for a label: lower case, 'unknown' when nobody knows it. */
export function canonicalCharset(label: string): string {
  const known = canonicalNames.get(label);
  if (known !== undefined) return known;
  if (label.length > 64) return 'unknown';
  let name = label.toLowerCase().replaceAll(/[\s"']/g, '');
  const language = name.indexOf('*');
  if (language >= 0) name = name.slice(0, language);
  name = ALIASES.get(name) ?? ALIASES.get(name.replaceAll('_', '-')) ?? name;
  if (!isOurs(name) && (NOT_CHARSETS.has(name) || !iconv.encodingExists(name))) name = 'unknown';
  if (canonicalNames.size < 1000) canonicalNames.set(label, name);
  return name;
}

function isOurs(name: string): boolean {
  return name === 'unknown' || name === 'ascii' || name === 'utf-8' || name === 'johab' || SEVEN_BIT.has(name);
}

/** Decodes bytes that carry this charset label ('' = none). */
export function decodeCharset(bytes: Uint8Array, label: string): string {
  const name = label === '' ? 'unknown' : canonicalCharset(label);
  if (SEVEN_BIT.has(name)) return decodeSevenBit(bytes, name);
  if (name.startsWith('utf-16') || name.startsWith('utf-32') || name.startsWith('ucs')) {
    return iconv.decode(asBuffer(bytes), name);
  }
  if (isAscii(bytes)) {
    // Old mail programs send ISO-2022 under any name, or none.
    if (bytes.includes(0x1b)) return decodeEscapes(bytes);
    return asBuffer(bytes).toString('latin1');
  }
  if (name === 'utf-8' || name === 'ascii' || name === 'unknown') return decodeUnlabelled(bytes, name === 'utf-8');
  if (isUtf8(bytes) && (!MULTI_BYTE.has(name) || hasThreeByteCharacter(bytes))) return utf8(bytes);
  if (name === 'johab') return decodeJohab(bytes);
  return iconv.decode(asBuffer(bytes), name);
}

/** Text without (or with an empty) label: UTF-8 when it is valid, else Korean when it can be, else Western. */
function decodeUnlabelled(bytes: Uint8Array, declaredUtf8: boolean): string {
  if (isUtf8(bytes)) return utf8(bytes);
  const whole = completeLength(bytes);
  if (whole < bytes.length && whole > 0 && !isAscii(bytes.subarray(0, whole)) && isUtf8(bytes.subarray(0, whole))) {
    return utf8(bytes);
  }
  if (declaredUtf8 && hasThreeByteCharacter(bytes)) return utf8(bytes);
  if (couldBeCp949(bytes)) return iconv.decode(asBuffer(bytes), 'cp949');
  return declaredUtf8 ? utf8(bytes) : iconv.decode(asBuffer(bytes), 'windows-1252');
}

function utf8(bytes: Uint8Array): string {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return asBuffer(bytes).toString('utf8', start, bytes.length);
}

/** How much is left when a character that was cut off at the end is dropped. */
function completeLength(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (byte >= 0xc0) return bytes.length - back;
    if (byte < 0x80) break;
  }
  return bytes.length;
}

function hasThreeByteCharacter(bytes: Uint8Array): boolean {
  for (let i = 0; i + 2 < bytes.length; i += 1) {
    if ((bytes[i]! & 0xf0) === 0xe0 && (bytes[i + 1]! & 0xc0) === 0x80 && (bytes[i + 2]! & 0xc0) === 0x80) return true;
  }
  return false;
}

/** Strict: every byte above 0x7f belongs to a pair that cp949 defines. Western text hardly ever passes. */
export function couldBeCp949(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i += 1) {
    const lead = bytes[i]!;
    if (lead < 0x80) continue;
    if (i + 1 === bytes.length) return i > 0; // cut off
    const trail = bytes[i + 1]!;
    i += 1;
    if (lead < 0x81 || lead === 0xff || trail === 0xff) return false;
    if (trail >= 0xa1) continue;
    const inExtension =
      (trail >= 0x41 && trail <= 0x5a) || (trail >= 0x61 && trail <= 0x7a) || (trail >= 0x81 && trail <= 0xa0);
    if (!inExtension || lead > 0xc6 || (lead === 0xc6 && trail > 0x52)) return false;
  }
  return true;
}

function decodeSevenBit(bytes: Uint8Array, name: string): string {
  // A label of a seven-bit charset on eight-bit text is wrong.
  if (!isAscii(bytes) && name !== 'iso-2022-kr') return decodeUnlabelled(bytes, false);
  if (name === 'iso-2022-kr') return decodeIso2022Kr(bytes);
  if (name === 'iso-2022-jp') return new TextDecoder('iso-2022-jp').decode(bytes);
  return iconv.decode(asBuffer(bytes), name);
}

function decodeEscapes(bytes: Uint8Array): string {
  const buffer = asBuffer(bytes);
  if (buffer.includes('\x1b$)C', 'latin1')) return decodeIso2022Kr(bytes);
  if (buffer.includes('\x1b$B', 'latin1') || buffer.includes('\x1b$@', 'latin1')) {
    return new TextDecoder('iso-2022-jp').decode(bytes);
  }
  return buffer.toString('latin1');
}

/** RFC 1557: SO shifts into KS X 1001, SI and the end of the line shift back. Eight-bit bytes pass as cp949. */
function decodeIso2022Kr(bytes: Uint8Array): string {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let shifted = false;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (byte === 0x1b && bytes[i + 1] === 0x24 && bytes[i + 2] === 0x29 && bytes[i + 3] === 0x43) {
      i += 3;
      continue;
    }
    if (byte === 0x0e || byte === 0x0f) {
      shifted = byte === 0x0e;
      continue;
    }
    if (byte === 0x0a) shifted = false;
    out[length] = shifted && byte > 0x20 ? byte | 0x80 : byte;
    length += 1;
  }
  return iconv.decode(out.subarray(0, length), 'cp949');
}

/** Places of the leading consonant, vowel and final consonant (index = five bits of the code), -1 = none such, -2 = filler. */
const JOHAB_INITIAL = places([[2, 20, 0]], 1);
const JOHAB_MEDIAL = places(
  [
    [3, 7, 0],
    [10, 15, 5],
    [18, 23, 11],
    [26, 29, 17],
  ],
  2,
);
const JOHAB_FINAL = places(
  [
    [2, 17, 1],
    [19, 29, 17],
  ],
  1,
);
/** Compatibility jamo (from U+3131) of lone leading and final consonants. */
const INITIAL_JAMO = [0, 1, 3, 6, 7, 8, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29];
const FINAL_JAMO = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29];

function places(runs: readonly (readonly [from: number, to: number, place: number])[], filler: number): Int8Array {
  const table = new Int8Array(32).fill(-1);
  table[filler] = -2;
  for (const [from, to, place] of runs) for (let i = from; i <= to; i += 1) table[i] = place + i - from;
  return table;
}

/** KS X 1001 annex 3: a syllable is its three letters in five bits each; symbols and Hanja are KS X 1001 in other rows. */
function decodeJohab(bytes: Uint8Array): string {
  const out: string[] = [];
  const pair = Buffer.alloc(2);
  for (let i = 0; i < bytes.length; i += 1) {
    const lead = bytes[i]!;
    if (lead < 0x80) {
      out.push(String.fromCharCode(lead));
      continue;
    }
    const trail = bytes[i + 1] ?? 0;
    if (lead >= 0xd9 && lead <= 0xf9 && lead !== 0xdf && isJohabSymbolTrail(trail)) {
      const row = lead < 0xe0 ? 2 * (lead - 0xd9) : 2 * lead - 0x197;
      const cell = trail < 0x91 ? trail - 0x31 : trail - 0x43;
      pair[0] = row + (cell < 94 ? 0 : 1) + 0xa1;
      pair[1] = (cell < 94 ? cell : cell - 94) + 0xa1;
      out.push(iconv.decode(pair, 'cp949'));
      i += 1;
      continue;
    }
    const code = (lead << 8) | trail;
    const character = johabSyllable(
      JOHAB_INITIAL[(code >> 10) & 31]!,
      JOHAB_MEDIAL[(code >> 5) & 31]!,
      JOHAB_FINAL[code & 31]!,
    );
    out.push(character);
    if (character !== '\ufffd' || trail >= 0x80) i += 1;
  }
  return out.join('');
}

function isJohabSymbolTrail(trail: number): boolean {
  return (trail >= 0x31 && trail <= 0x7e) || (trail >= 0x91 && trail <= 0xfe);
}

function johabSyllable(initial: number, medial: number, final: number): string {
  if (initial === -1 || medial === -1 || final === -1) return '\ufffd';
  if (initial >= 0 && medial >= 0) {
    return String.fromCharCode(0xac00 + (initial * 21 + medial) * 28 + (final < 0 ? 0 : final));
  }
  if (initial >= 0 && medial === -2 && final === -2) return String.fromCharCode(0x3131 + INITIAL_JAMO[initial]!);
  if (initial === -2 && medial >= 0 && final === -2) return String.fromCharCode(0x314f + medial);
  if (initial === -2 && medial === -2 && final > 0) return String.fromCharCode(0x3131 + FINAL_JAMO[final - 1]!);
  return '\ufffd';
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
