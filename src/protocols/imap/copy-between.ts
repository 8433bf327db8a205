/** COPY and MOVE from one account into another: each message is added there, and then taken from here, so that a crash leaves both and never none. */
import { createHash } from 'node:crypto';
import { MailError } from '../../mail/error.ts';
import type { FolderId, MailAccount, MsgId, Placed } from '../../mailstore/api.ts';
import type { Named } from './commands/copy.ts';

export interface Copied {
  readonly from: MsgId;
  readonly placed: Placed;
}

/** Messages that went meanwhile are passed over. `once`: a move that is repeated after a crash makes no second copy. */
export async function* addThere(
  from: MailAccount,
  { ids, as }: Named,
  to: { readonly account: MailAccount; readonly folder: FolderId },
  once?: { readonly now: number },
): AsyncGenerator<Copied> {
  for (const [i, id] of ids.entries()) {
    const place = as[i];
    const meta = from.meta(id);
    if (meta === undefined || meta.folder !== place?.folder || meta.uid !== place.uid) continue;
    const { flags, keywords, internalDate, uid } = meta;
    try {
      const body = await from.body(id);
      const name = createHash('sha256').update(`${from.id} ${id} ${uid} ${to.folder}`).digest('base64url');
      const placed = await to.account.addMessage(body.stream(), {
        folder: to.folder,
        flags,
        keywords,
        internalDate,
        ...(once && { deliveryId: `${Math.floor(once.now / 86_400_000)}-${name}` }),
      });
      yield { from: id, placed };
    } catch (error) {
      if (!(error instanceof MailError) || error.code !== 'message-missing') throw error;
    }
  }
}
