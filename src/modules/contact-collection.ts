/** Remembers to whom its owner writes, so that their answers are expected. */
import { decodeAddresses, parseAddressList } from '../mail/address.ts';
import { MailError } from '../mail/error.ts';
import { HeaderBlock } from '../mail/header.ts';
import { noteSent, type SentMail } from '../intake/spam/correspondents.ts';
import { isUserError } from '../intake/stages/parts.ts';
import type { MailAccount } from '../mailstore/api.ts';
import type { SubmissionId } from '../mailstore/submission.ts';
import type { ExtensionModule } from './module.ts';

/** Of one mail: who writes to more writes to a list. */
const MOST_RECIPIENTS = 100;
/** Mails that were noted a moment ago: each is heard of when it is sent, and again when it has arrived. */
const MOST_NOTED = 2_000;
/** Bytes of a header that are looked through for names. */
const HEADER_BYTES = 64 << 10;

export function contactCollection(): ExtensionModule {
  const noted = new Set<string>();
  return {
    name: 'contact-collection',
    does: 'remembers to whom its owner writes',
    events: ['delivery-result'],
    scope: 'change',
    together: 100,
    async handle(events, { change: account }, signal) {
      if (account === undefined) return;
      const heard = new Set<string>();
      const sent = new Map<string, SentMail[]>();
      for (const event of events) {
        if (event.type !== 'delivery-result') continue;
        signal.throwIfAborted();
        const mail = `${account.id} ${event.submission}`;
        if (noted.has(mail) || heard.has(mail)) continue;
        const submission = await account.outgoing.get(event.submission);
        // Mail that is sent by itself has no sender, and is nobody's wish; what is held was not sent yet.
        if (submission === undefined || submission.sender === '' || submission.state !== 'released') continue;
        const deliveries = await account.outgoing.deliveries(event.submission);
        const recipients = deliveries.flatMap(({ recipients: some }) => some.map(({ address }) => address));
        if (recipients.length > MOST_RECIPIENTS) continue;
        heard.add(mail);
        const { messageId, created: at } = submission;
        const names = await namesIn(account, event.submission);
        for (const address of new Set(recipients.map((one) => one.toLowerCase())))
          sent.set(address, [...(sent.get(address) ?? []), { messageId, at, name: names.get(address) ?? '' }]);
      }
      // What is put at the same time is one commit.
      await Promise.all(Array.from(sent, ([address, mails]) => noteSent(account, address, mails)));
      for (const mail of heard) {
        noted.add(mail);
        if (noted.size > MOST_NOTED) noted.delete(noted.values().next().value!);
      }
    },
  };
}

/** What a mail calls those it is for, by address without case. */
async function namesIn(account: MailAccount, submission: SubmissionId): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  try {
    const content = await account.outgoing.content(submission);
    const header = HeaderBlock.parse(await content.bytes(0, Math.min(content.size, HEADER_BYTES)));
    for (const field of ['to', 'cc', 'bcc'])
      for (const value of header.all(field))
        for (const { name, address } of decodeAddresses(parseAddressList(value)))
          if (name !== '') names.set(address.toLowerCase(), name);
  } catch (error) {
    // What was sent may be forgotten by now, or damaged: then nobody is named.
    if (!isUserError(error) && !(error instanceof MailError && error.code === 'damaged')) throw error;
  }
  return names;
}
