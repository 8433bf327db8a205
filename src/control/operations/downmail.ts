/** Sender mailboxes, as operators see them (Downmail). */
import { z } from 'zod';
import { SenderIds } from '../../downmail/ids.ts';
import { deleteWaiting, type EndedCounts, type HeldFilter, listWaiting } from '../../downmail/manager.ts';
import { MailError } from '../../mail/error.ts';
import type { MailAccount } from '../../mailstore/api.ts';
import { type SenderMailboxFacts, visibleId } from '../../mailstore/sender-mailbox.ts';
import type { SubmissionId } from '../../mailstore/submission.ts';
import { operation } from '../operation.ts';
import type { Service } from '../service.ts';
import { knownAccount } from './account.ts';

const account = z.string().min(1).max(400);
/** What the gateway keeps for this recipient, instead of what the account itself keeps for others. */
const gateway = z.boolean().optional();

interface Owner {
  readonly account: string;
  readonly gateway?: boolean | undefined;
}

export interface WaitingCopy {
  readonly mail: string;
  readonly userId: string;
  readonly recipient: string;
  readonly subject: string;
  readonly sent: number;
  readonly size: number;
  readonly expires: number;
  readonly fetched: number | undefined;
}

/** Opens one, or changes its limit; null: none. */
export const downmailOpen = operation(
  'downmail.open',
  z.strictObject({ account, gateway, limit: z.int().min(1).nullable() }),
  async (service, { account: of, gateway: atGateway, limit }): Promise<SenderMailboxFacts> => {
    if (atGateway === true) return (await service.gatewayMailboxes.open(of, limit ?? undefined)).facts;
    return within(service, { account: of }, async (opened, address) => {
      const senderIds = new SenderIds(service.kv, service.clock, service.random);
      return opened.senderMailbox.open(await senderIds.take(address, opened.id), limit ?? undefined);
    });
  },
);

export const downmailShow = operation(
  'downmail.show',
  z.strictObject({ account, gateway }),
  (service, args): Promise<SenderMailboxFacts> =>
    within(service, args, async (opened, address) => {
      const facts = await opened.senderMailbox.facts();
      if (facts === undefined)
        throw new MailError('sender-mailbox-missing', 'user', `${address} has no sender mailbox`);
      return facts;
    }),
);

export const downmailList = operation<Owner, { copies: number }, WaitingCopy>(
  'downmail.list',
  z.strictObject({ account, gateway }),
  (service, args, io) =>
    within(service, args, async (opened) => {
      let copies = 0;
      for await (const { mail, recipient, senderId } of listWaiting(opened)) {
        io.item({
          mail: mail.id,
          userId: visibleId(senderId, recipient.held),
          recipient: recipient.address,
          subject: mail.subject,
          sent: mail.released ?? mail.created,
          size: mail.size,
          expires: recipient.held.expires,
          fetched: recipient.held.fetched,
        });
        if (++copies % 200 === 0) await io.taken();
      }
      return { copies };
    }),
);

export const downmailDelete = operation(
  'downmail.delete',
  z.strictObject({
    account,
    gateway,
    mail: z.string().max(64).optional(),
    recipient: z.string().max(320).optional(),
    before: z.number().optional(),
  }),
  (service, { mail, recipient, before, ...owner }): Promise<EndedCounts> =>
    within(service, owner, (opened) => {
      const filter: HeldFilter = {
        ...(mail !== undefined && { mail: mail as SubmissionId }),
        ...(recipient !== undefined && { recipients: [recipient] }),
        ...(before !== undefined && { before }),
      };
      return deleteWaiting(opened, filter);
    }),
);

/** Servers that kept originals which they said they had deleted. */
export const downmailUndeleted = operation('downmail.undeleted', z.strictObject({}), ({ undeletedHosts }) =>
  undeletedHosts.list(),
);

export const downmailForget = operation(
  'downmail.forget',
  z.strictObject({ host: z.string().min(1).max(253) }),
  async ({ undeletedHosts }, { host }) => {
    await undeletedHosts.forget(host);
    return undeletedHosts.list();
  },
);

async function within<T>(
  { directory, mailstore, gatewayMailboxes }: Service,
  { account: addressOrId, gateway: atGateway }: Owner,
  act: (account: MailAccount, address: string) => Promise<T>,
): Promise<T> {
  const kept = atGateway === true ? await gatewayMailboxes.of(addressOrId) : undefined;
  if (atGateway === true && kept === undefined)
    throw new MailError('sender-mailbox-missing', 'user', `the gateway keeps nothing for ${addressOrId}`);
  const { id, address } = await knownAccount(directory, kept ?? addressOrId);
  using opened = await mailstore.open({ kind: 'system', role: 'admin' }, id);
  return await act(opened, address);
}
