/** The charset of search strings, and what is searched for. */
import { canonicalCharset, decodeCharset } from '../../../mail/charset.ts';
import { Refusal, uidRequired } from '../reply.ts';
import type { Decoder } from '../wire/decoder.ts';
import type { Session } from '../session.ts';
import { asksNumbers, type SearchKey, searchProgram } from '../wire/search-key.ts';

/** The charset, unless it is given, and the keys, up to the end of the command. */
export function searchArgs(d: Decoder, session: Session, charset?: string): SearchKey {
  const label = charset ?? d.astring().toString('latin1');
  if (charset === undefined) d.sp();
  if (canonicalCharset(label) === 'unknown')
    throw new Refusal('NO', '[BADCHARSET (US-ASCII UTF-8 EUC-KR ISO-8859-1)] That charset is not known');
  const program = searchProgram(d, (bytes) => decodeCharset(bytes, label));
  d.end();
  if (session.uidOnly && asksNumbers(program)) throw uidRequired();
  return program;
}
