/** Search indexes made anew. */
import { z } from 'zod';
import { MailError } from '../../mail/error.ts';
import type { AccountId, SearchIndexFacts } from '../../mailstore/api.ts';
import { operation } from '../operation.ts';

export interface Rebuilt extends SearchIndexFacts {
  readonly account: string;
}

/** Of one account, or of all, one after the other. */
export const searchRebuild = operation<{ address?: string | undefined }, { accounts: number }, Rebuilt>(
  'search.rebuild',
  z.strictObject({ address: z.string().min(1).max(400).optional() }),
  async ({ directory, mailstore }, { address }, io) => {
    const chosen: { id: AccountId; address: string }[] = [];
    if (address === undefined) for await (const one of directory.accounts()) chosen.push(one);
    else {
      const one = await directory.account(address);
      if (!one) throw new MailError('account-missing', 'user', `there is no account ${address}`);
      chosen.push(one);
    }
    for (const one of chosen) {
      io.signal.throwIfAborted();
      io.item({ account: one.address, ...(await mailstore.rebuildSearch(one.id)) });
      await io.taken();
    }
    return { accounts: chosen.length };
  },
);
