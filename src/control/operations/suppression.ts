/** Addresses to which an account, or nobody here, sends any more. */
import { z } from 'zod';
import type { Suppression } from '../../delivery/feedback/suppressions.ts';
import type { MailAccount } from '../../mailstore/api.ts';
import { operation } from '../operation.ts';
import type { Service } from '../service.ts';
import { knownAccount } from './account.ts';

const DAY_MS = 86_400_000;
/** Of an account; without one, of the whole service. */
const account = z.string().min(1).max(400).optional();
const address = z.string().min(1).max(400);

export const suppressionList = operation<{ account?: string | undefined }, { addresses: number }, Suppression>(
  'suppression.list',
  z.strictObject({ account }),
  async (service, { account: of }, io) => {
    let addresses = 0;
    const tell = async (one: Suppression): Promise<void> => {
      io.item(one);
      if (++addresses % 200 === 0) await io.taken();
    };
    if (of === undefined) for await (const one of service.suppressions.listAll()) await tell(one);
    else for (const one of await within(service, of, (opened) => service.suppressions.list(opened))) await tell(one);
    return { addresses };
  },
);

export const suppressionAdd = operation(
  'suppression.add',
  z.strictObject({
    account,
    address,
    days: z.int().min(1).max(3650).optional(),
    detail: z.string().max(300).optional(),
  }),
  async (service, { account: of, address: at, days, detail = '' }): Promise<Suppression> => {
    const { suppressions, clock } = service;
    const expires = days === undefined ? {} : { expires: clock.now() + days * DAY_MS };
    const row = { address: at, reason: 'manual' as const, detail, ...expires };
    return of === undefined
      ? suppressions.addForAll(row)
      : within(service, of, (opened) => suppressions.add(opened, row));
  },
);

export const suppressionRemove = operation(
  'suppression.remove',
  z.strictObject({ account, address }),
  async (service, { account: of, address: at }) => {
    const { suppressions } = service;
    const removed =
      of === undefined
        ? await suppressions.removeForAll(at)
        : await within(service, of, (opened) => suppressions.remove(opened, at));
    return { removed };
  },
);

async function within<T>(
  { directory, mailstore }: Service,
  addressOrId: string,
  act: (account: MailAccount) => Promise<T>,
): Promise<T> {
  const { id } = await knownAccount(directory, addressOrId);
  using opened = await mailstore.open({ kind: 'system', role: 'admin' }, id);
  return await act(opened);
}
