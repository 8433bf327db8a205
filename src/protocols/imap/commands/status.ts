import { MailError } from '../../../mail/error.ts';
import { Flag, type FolderView } from '../../../mailstore/api.ts';
import { may } from '../../../mailstore/rights.ts';
import { command, SIGNED_IN, whenSignedIn } from '../command.ts';
import { mailboxId } from '../object-id.ts';
import type { Place } from '../places.ts';
import type { Session } from '../session.ts';
import { type Decoder, malformed } from '../wire/decoder.ts';

type Item = (place: Place, session: Session) => number | string;

const ITEMS: ReadonlyMap<string, Item> = new Map<string, Item>([
  ['MESSAGES', ({ folder }) => folder.total],
  ['RECENT', () => 0],
  ['UIDNEXT', ({ folder }) => folder.uidNext],
  ['UIDVALIDITY', ({ folder }) => folder.uidValidity],
  ['UNSEEN', ({ folder }) => folder.unread],
  ['HIGHESTMODSEQ', ({ folder }) => folder.highestModseq],
  ['APPENDLIMIT', (_place, session) => session.facts.messageSize],
  ['SIZE', ({ folder }) => folder.bytes],
  ['MAILBOXID', ({ account, folder }) => `(${mailboxId(account, folder)})`],
  ['DELETED', ({ account, folder }) => sumOfDeleted(account.view(folder.id), () => 1)],
  ['DELETED-STORAGE', ({ account, folder }) => deletedBytes(account.view(folder.id))],
]);

function deletedBytes(view: FolderView): number {
  return sumOfDeleted(view, (at) => view.sizeAt(at));
}

function sumOfDeleted(view: FolderView, of: (position: number) => number): number {
  let sum = 0;
  for (let at = 0; at < view.length; at++) {
    const flags = view.flagsAt(at);
    if (flags >= 0 && (flags & Flag.deleted) !== 0) sum += of(at);
  }
  return sum;
}

/** `(MESSAGES UIDNEXT)`, after a space. */
export function statusItems(d: Decoder): readonly string[] {
  const items = d.sp().list(() => {
    const word = d.word();
    if (!ITEMS.has(word)) throw malformed('unknown STATUS item');
    return word;
  });
  if (items.length === 0) throw malformed('STATUS of nothing');
  return items;
}

/** Asking for mod-sequences switches them on (RFC 7162 §3.1). */
export function noteStatusItems(session: Session, items: readonly string[]): void {
  if (items.includes('HIGHESTMODSEQ')) session.enabled.add('CONDSTORE');
}

/** `* STATUS name (...)` */
export function writeStatus(session: Session, place: Place, items: readonly string[]): void {
  const values = items.map((item) => `${item} ${ITEMS.get(item)?.(place, session)}`);
  session.out
    .text('* STATUS ')
    .mailbox(place.path)
    .line(` (${values.join(' ')})`);
}

/**
 * STATUS (RFC 3501 §6.3.10; HIGHESTMODSEQ: RFC 7162 §3.1.7, APPENDLIMIT: RFC 7889 §4, SIZE: RFC 8438, MAILBOXID: RFC 8474
 * §4.3, DELETED and DELETED-STORAGE: RFC 9208 §4.1.4).
 */
export const status = command<{ path: string; items: readonly string[] }>({
  name: 'STATUS',
  states: SIGNED_IN,
  capabilities: whenSignedIn('STATUS=SIZE', 'STATUS=DELETED'),
  parse(d) {
    const path = d.sp().mailbox();
    const items = statusItems(d);
    d.end();
    return { path, items };
  },
  async run({ path, items }, session) {
    const place = await session.places.existing(path);
    if (!may(place.folder, 'r')) throw new MailError('not-allowed', 'user', 'that needs the right to read');
    noteStatusItems(session, items);
    writeStatus(session, place, items);
    return 'STATUS completed';
  },
});
