/**
 * A password as SCRAM counts it (SASLprep, RFC 4013). What Unicode has added since 3.2, and mixed directions, are let through, as RFC 8265
 * lets them through: clients of both kinds come to the same bytes.
 */

// Tables C.1.2 and B.1 of RFC 3454.
const SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu;
const NOTHING = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/gu;
// C.2 to C.9.
const PROHIBITED =
  /[\p{Cc}\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u0340\u0341\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2061-\u2063\u206a-\u206f\u2ff0-\u2ffb\ufff9-\ufffd\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/u;

/** Undefined: a client that keeps to SASLprep would not send it. */
export function saslPrepared(password: string): string | undefined {
  const mapped = password.replace(SPACES, ' ').replace(NOTHING, '').normalize('NFKC');
  return mapped === '' || PROHIBITED.test(mapped) ? undefined : mapped;
}
