/** VANISHED (RFC 7162 §3.2.10): the UIDs of messages that are gone. */
import type { MailAccount, Uid } from '../../mailstore/api.ts';
import type { Tracker } from './tracker.ts';
import type { Output } from './wire/output.ts';
import { formatSet, includesUid, type SequenceSet } from './wire/sequence-set.ts';

/** UIDs told in a line. */
const IN_A_LINE = 1000;

/** `* VANISHED 1:3,7`, in as many lines as it takes; `earlier`: before the client selected the folder. */
export async function writeVanished(out: Output, uids: readonly number[], earlier = false): Promise<void> {
  for (let at = 0; at < uids.length; at += IN_A_LINE) {
    if (out.mustPause()) await out.pause();
    out.line(`* VANISHED ${earlier ? '(EARLIER) ' : ''}${formatSet(uids.slice(at, at + IN_A_LINE))}`);
  }
}

/** Those of the set (all, when there is none) that went after `modseq`; not those whose numbers the client still counts. */
export async function vanishedSince(
  account: MailAccount,
  { folder, view }: Tracker,
  modseq: number,
  set: SequenceSet | undefined,
): Promise<readonly number[]> {
  const uids = await account.vanishedSince(folder, modseq);
  const last = view.length === 0 ? 0 : (view.uids[view.length - 1] as number);
  return Array.from(uids).filter(
    (uid) => view.indexOf(uid as Uid) < 0 && (set === undefined || includesUid(set, uid, last)),
  );
}
