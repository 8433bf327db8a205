/** Mail that arrives for people with rules, and what becomes of it. */
import type { Source } from '../../src/intake/arrival.ts';
import type { AccountId, MailAccount } from '../../src/mailstore/api.ts';
import { SYSTEM } from './mail-store.ts';
import { BOB, CAROL, type Sending, type SendingOptions, sendingWorld, subjects } from './sending.ts';

export interface ArrivingMail {
  readonly from?: string;
  readonly to?: string;
  readonly subject?: string;
  readonly fields?: readonly string[];
  readonly body?: string;
  readonly id?: string;
  readonly recipient?: [AccountId, string];
  readonly source?: Source;
}

/** bob and carol, whose mail arrives, and is carried out all at once. */
export async function arrivals(options: SendingOptions = {}) {
  const world = await sendingWorld(options);
  const service = await world.start();
  const bob = await service.mailstore.open(SYSTEM, BOB);
  const carol = await service.mailstore.open(SYSTEM, CAROL);
  const accept = async (mail: ArrivingMail, by: Sending): Promise<void> => {
    const { from = 'dave@remote.test', to = 'bob@example.test', subject = 'hi', fields = [], body = 'text\r\n' } = mail;
    const [account, address] = mail.recipient ?? [BOB, 'bob@example.test'];
    const id = mail.id === undefined ? [] : [`Message-ID: <${mail.id}@remote.test>`];
    const header = [`From: <${from}>`, `To: ${to}`, `Subject: ${subject}`, ...id, ...fields];
    await by.intake.accept({
      sender: from,
      recipients: [{ account, address }],
      ...(mail.source && { source: mail.source }),
      origin: { protocol: 'ESMTP', hello: 'remote.test', remote: '192.0.2.1', cipher: '' },
      mail: { head: Buffer.from(`${header.join('\r\n')}\r\n\r\n${body}`) },
    });
  };
  return {
    ...world,
    ...service,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
    bob,
    carol,
    /** Resolves when it is acknowledged. */
    accept,
    /** A script of an account's, active. */
    async script(account: MailAccount, source: string): Promise<void> {
      await service.scripts.put(account, 'main', source);
      await service.scripts.activate(account, 'main');
    },
    async arrives(mail: ArrivingMail = {}, by: Sending = service): Promise<void> {
      await accept(mail, by);
      await by.quiet();
    },
    async arriveAll(mails: readonly ArrivingMail[]): Promise<void> {
      for (const mail of mails) await accept(mail, service);
      await service.quiet();
    },
    /** What an account has sent by itself: recipients, and the raw mail. */
    async sent(account: MailAccount): Promise<{ to: string; sender: string; raw: string }[]> {
      const found = [];
      for (const { id, sender } of await account.outgoing.list()) {
        const [delivery] = await account.outgoing.deliveries(id);
        const content = await account.outgoing.content(id).catch(() => undefined);
        const raw = content === undefined ? '' : Buffer.from(await content.bytes()).toString();
        found.push({ to: delivery?.recipients[0]?.address ?? '', sender, raw });
      }
      return found;
    },
  };
}

/** Subjects. */
export async function inFolder(account: MailAccount, path: string): Promise<string[]> {
  await account.refresh();
  const folder = account.folderAt(path);
  return folder === undefined ? [] : subjects(account, folder.id);
}

/** Of the first mail in a folder. */
export async function rawOf(account: MailAccount, path: string): Promise<string> {
  const [id] = account.getMessageIds({ folder: account.folderAt(path)!.id });
  return Buffer.from(await (await account.body(id!)).bytes()).toString();
}
