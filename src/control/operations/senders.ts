/** Who sends how well, from where, and who may not. */
import { z } from 'zod';
import type { Blocked, SenderHabit } from '../../delivery/fast-block.ts';
import { score, type Standing } from '../../delivery/reputation.ts';
import { operation } from '../operation.ts';
import { knownAccount } from './account.ts';

export const deliverability = operation('deliverability', z.strictObject({}), ({ senders }) => senders.report());

export interface Sending extends SenderHabit {
  readonly address: string;
  readonly state: 'free' | Blocked['state'];
  readonly since: number | null;
  readonly reason: string | null;
  readonly score: number;
  readonly standing: Standing;
}

export const accountSending = operation(
  'account.sending',
  z.strictObject({
    address: z.string().min(1).max(400),
    suspend: z.string().min(1).max(300).optional(),
    resume: z.boolean().optional(),
    /** Recipients a day. */
    usual: z.int().min(1).max(1_000_000_000).optional(),
  }),
  async ({ directory, queue, senders }, args): Promise<Sending> => {
    const { fastBlock, reputation } = senders;
    const { id, address } = await knownAccount(directory, args.address);
    if (args.suspend !== undefined) await fastBlock.suspend(id, args.suspend);
    if (args.resume === true || args.usual !== undefined) {
      await fastBlock.resume(id, args.usual);
      // What had to wait for this.
      await queue.promote('outbound', id);
    }
    const { state, since, reason } = fastBlock.blocked(id) ?? {};
    const standing = await reputation.of('account', id);
    return {
      address,
      state: state ?? 'free',
      since: since ?? null,
      reason: reason ?? null,
      ...(await fastBlock.habit(id)),
      score: score(standing),
      standing,
    };
  },
);
