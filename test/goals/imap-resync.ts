/** What a client that resynchronises (QRESYNC, RFC 7162) keeps of a folder, and whether what SELECT tells it makes it whole again. */
import type { ImapResponse } from '../client/imap.ts';
import { type FolderView, uidsOf } from './imap-view.ts';

export interface Kept {
  readonly uidValidity: number;
  readonly modseq: number;
  /** UID → flags. */
  readonly flags: ReadonlyMap<number, string>;
}

/** As the folder is left. `since`: what SELECT said when it was opened; what was told after it is told once more. */
export function kept(since: Pick<Kept, 'uidValidity' | 'modseq'>, view: FolderView): Kept {
  return { ...since, flags: new Map(view.uids.map((uid) => [uid, view.flags.get(uid) ?? ''])) };
}

/** What the client has after the answer to `SELECT (QRESYNC ...)`; complaints are added where it is not what is there. */
export function resynced(
  before: Kept,
  untagged: readonly ImapResponse[],
  complain: (what: string) => void,
): ReadonlyMap<number, string> {
  const has = new Map(before.flags);
  let exists: number | undefined;
  const cameMeanwhile = new Set<number>();
  for (const { text } of untagged) {
    const [, earlier, set] = /^\* VANISHED (\(EARLIER\) )?([\d:,]+)$/.exec(text) ?? [];
    for (const uid of set === undefined ? [] : uidsOf(set)) {
      has.delete(uid);
      // What went while the answer was made was counted.
      if (exists !== undefined && earlier === undefined && !cameMeanwhile.delete(uid)) exists--;
    }
    // Those that came meanwhile are told by another EXISTS: they are numbered behind what was there.
    exists ??= asNumber(/^\* (\d+) EXISTS$/.exec(text)?.[1]);
    const [, number, uid, flags = ''] = /^\* (\d+) FETCH \(UID (\d+) FLAGS \(([^)]*)\)/.exec(text) ?? [];
    if (uid === undefined) continue;
    // NOTIFY tells what was asked for of each new one (RFC 5465 §5.2).
    if (exists !== undefined && Number(number) > exists) cameMeanwhile.add(Number(uid));
    else has.set(Number(uid), flags.split(' ').toSorted().join(' '));
  }
  if (has.size !== exists)
    complain(`after QRESYNC there are ${has.size} messages, and ${exists} EXISTS: ${told(before, untagged)}`);
  return has;
}

/** For whoever looks for the reason. */
function told({ modseq, flags }: Kept, untagged: readonly ImapResponse[]): string {
  return `it had ${[...flags.keys()].join(',')} of ${modseq} and heard ${untagged.map(({ text }) => text).join(' / ')}`;
}

const asNumber = (digits: string | undefined): number | undefined =>
  digits === undefined ? undefined : Number(digits);

/** Messages that did not change since the SELECT must be as the client has them. */
export function checkResynced(
  has: ReadonlyMap<number, string>,
  modseq: number,
  untagged: readonly ImapResponse[],
  complain: (what: string) => void,
): void {
  for (const { text } of untagged) {
    const [, uid, flags = '', at] = /^\* \d+ FETCH \(UID (\d+) FLAGS \(([^)]*)\) MODSEQ \((\d+)\)\)$/.exec(text) ?? [];
    if (uid === undefined || Number(at) > modseq) continue;
    const told = flags.split(' ').toSorted().join(' ');
    if (has.get(Number(uid)) !== told)
      complain(`QRESYNC left UID ${uid} with '${has.get(Number(uid))}', and it has '${told}' since ${at}`);
  }
}
