/** Whose mail is not wanted: addresses, domains and patterns, and what is done about it. */
import { MailError } from './error.ts';
import { normalizeDomain, parseMailbox } from './path.ts';

/** `refuse`: its sender is told, where that is still possible; `junk`: put aside; `discard`: dropped without a word. */
export const REJECT_ACTIONS = ['refuse', 'junk', 'discard'] as const;
export type RejectAction = (typeof REJECT_ACTIONS)[number];

export interface RejectEntry {
  /** An address; a domain, with all below it; or an address with `*` (any text) and `?` (any character). */
  readonly sender: string;
  readonly action: RejectAction;
}

export const REJECT_LIMITS = { entries: 500, characters: 320 };
/** Addresses of one mail that are compared; a mail has one author, or a few. */
const MOST_ADDRESSES = 10;
/** Steps of comparing patterns, for all entries of a list: only patterns that were made to take long get so far, and mean nobody then. */
const MOST_STEPS = 4_000_000;

interface Steps {
  left: number;
}

/** As entries are kept and compared: addresses and domains in lower case. Throws `address-syntax`. */
export function rejectEntry({ sender, action }: RejectEntry): RejectEntry {
  const text = sender.trim().toLowerCase().normalize('NFC');
  const bare = text.startsWith('@') ? text.slice(1) : text;
  const ok = /[*?]/.test(bare)
    ? bare.length <= REJECT_LIMITS.characters && /^[^\s<>"\x00-\x1f\x7f]+$/.test(bare) && /[^*?@.]/.test(bare)
    : bare.includes('@')
      ? parseMailbox(bare) !== undefined
      : normalizeDomain(bare) !== undefined;
  if (!ok) throw new MailError('address-syntax', 'user', `${JSON.stringify(sender.slice(0, 300))} names no sender`);
  return { sender: bare, action };
}

/** The first entry that one of these addresses is meant by. */
export function findRejected(entries: readonly RejectEntry[], addresses: readonly string[]): RejectEntry | undefined {
  if (entries.length === 0) return undefined;
  const named = addresses.filter((address) => address !== '').slice(0, MOST_ADDRESSES);
  const wanted = named.map((address) => address.toLowerCase().normalize('NFC'));
  const steps: Steps = { left: MOST_STEPS };
  return entries.find(({ sender }) => wanted.some((address) => isMeant(sender, address, steps)));
}

function isMeant(sender: string, address: string, steps: Steps): boolean {
  if (/[*?]/.test(sender)) {
    const domain = address.slice(address.lastIndexOf('@') + 1);
    return matchesWildcards(sender, sender.includes('@') ? address : domain, steps);
  }
  if (sender.includes('@')) return address === sender;
  return address.endsWith(`@${sender}`) || address.endsWith(`.${sender}`);
}

/** At most pattern × text steps. */
function matchesWildcards(pattern: string, text: string, steps: Steps): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (--steps.left < 0) return false;
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
