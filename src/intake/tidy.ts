/** Tidying up (D-30): what is old, large, or from somebody goes out of a folder. A run of the classifier does it, so it can be looked at before, and undone. */
import { fold } from '../mail/search/fold.ts';
import { Flag, type FolderId, type MailAccount, type MessageMeta } from '../mailstore/api.ts';
import type { Change } from './classify-step.ts';

/** All that is said must hold. */
export interface Tidying {
  /** It came before that: milliseconds since 1970. */
  readonly before?: number;
  /** Part of its author's name or address, in any case. */
  readonly sender?: string;
  /** It has more bytes than that. */
  readonly larger?: number;
  /** Flagged mail goes, too. */
  readonly flagged: boolean;
  readonly to: FolderId;
}

/** Undefined for what stays. Who wrote it is looked at last, for that has to be read. */
export async function tidied(
  account: Pick<MailAccount, 'details'>,
  { id, folder, flags, internalDate, size, email }: MessageMeta,
  { before, sender, larger, flagged, to }: Tidying,
): Promise<Change | undefined> {
  if (!flagged && (flags & Flag.flagged) !== 0) return undefined;
  if (before !== undefined && internalDate >= before) return undefined;
  if (larger !== undefined && size <= larger) return undefined;
  if (sender !== undefined) {
    const { from } = (await account.details(id)).envelope;
    if (!from.some(({ name, address }) => fold(`${name} <${address}>`).includes(fold(sender)))) return undefined;
  }
  return { id, from: folder, to, flags: 0, keywords: [], copies: [], email };
}
