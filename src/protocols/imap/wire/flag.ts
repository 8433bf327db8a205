/** Flags and keywords on the wire (RFC 3501 §2.3.2). */
import { Flag, type Flags } from '../../../mailstore/api.ts';
import { type Decoder, malformed } from './decoder.ts';

const SYSTEM: ReadonlyMap<string, number> = new Map([
  ['\\SEEN', Flag.seen],
  ['\\ANSWERED', Flag.answered],
  ['\\FLAGGED', Flag.flagged],
  ['\\DELETED', Flag.deleted],
  ['\\DRAFT', Flag.draft],
  // Ours is always 0; a client may hand back what another server gave it.
  ['\\RECENT', 0],
]);

const NAMES: readonly (readonly [bit: number, name: string])[] = [
  [Flag.answered, '\\Answered'],
  [Flag.flagged, '\\Flagged'],
  [Flag.deleted, '\\Deleted'],
  [Flag.seen, '\\Seen'],
  [Flag.draft, '\\Draft'],
];

/** Bytes of one keyword. */
const KEYWORD = 100;

export interface FlagSet {
  readonly flags: Flags;
  readonly keywords: readonly string[];
}

/** `( ... )`, or, for STORE, flags without parentheses. */
export function flagList(d: Decoder): FlagSet {
  let flags = 0;
  const keywords: string[] = [];
  const one = (): void => {
    if (!d.next('\\')) {
      const keyword = d.atom();
      if (keyword.length > KEYWORD) throw malformed('keyword too long');
      keywords.push(keyword);
      return;
    }
    d.expect('\\');
    const name = `\\${d.atom().toUpperCase()}`;
    const bit = SYSTEM.get(name);
    if (bit === undefined) throw malformed('unknown system flag');
    flags |= bit;
  };
  if (d.next('(')) d.list(one);
  else {
    let n = 0;
    do {
      if (++n > d.limits.list) throw malformed('list too long');
      one();
    } while (d.take(' '));
  }
  return { flags, keywords };
}

/** `\Seen $Forwarded`, without parentheses. */
export function formatFlags(flags: Flags, keywords: readonly string[]): string {
  let out = '';
  for (const [bit, name] of NAMES) if ((flags & bit) !== 0) out += out === '' ? name : ` ${name}`;
  for (const keyword of keywords) out += out === '' ? keyword : ` ${keyword}`;
  return out;
}
