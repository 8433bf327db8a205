/** A header that no mail program writes. */
import type { MailAddress } from '../../../mail/message.ts';
import type { ScanPoint } from '../../../ports/scanner.ts';
import { point, type SpamCheck } from '../check.ts';

const DAY = 86_400_000;
const ADDRESS = /[^\s@<>"']{1,64}@([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5})/i;

export const header: SpamCheck = {
  name: 'header',
  run({ mail, sender, now }) {
    const { envelope, header: block } = mail;
    const points: ScanPoint[] = [];
    const add = (name: string, worth: number, why: string): void => void points.push(point(name, worth, why));
    if (block.first('date') === undefined) add('NO_DATE', 1, 'it has no date');
    else if (envelope.date !== undefined && envelope.date > now + 2 * DAY)
      add('DATE_IN_FUTURE', 1.5, 'its date is in the future');
    else if (envelope.date !== undefined && envelope.date < now - 30 * DAY)
      add('DATE_LONG_AGO', 0.8, 'its date is more than a month ago');
    if (envelope.messageId === '') add('NO_MESSAGE_ID', 0.8, 'it has no Message-ID');
    if (block.all('from').length !== 1) add('FROM_FIELDS', 2, 'it does not have one author field');
    if (envelope.from.length === 0) add('NO_AUTHOR', 1.5, 'it names no author');
    if (envelope.to.length + envelope.cc.length === 0) add('NO_RECIPIENTS', 0.5, 'it names no recipients');
    if (envelope.subject.trim() === '') add('NO_SUBJECT', 0.5, 'it has no subject');
    else points.push(...subject(envelope.subject, envelope.inReplyTo.length + envelope.references.length > 0));
    for (const author of envelope.from) points.push(...authorName(author));
    const [author] = envelope.from;
    const [reply] = envelope.replyTo;
    const list = block.first('list-id') !== undefined;
    if (
      author &&
      reply &&
      !list &&
      domainOf(author.address) !== domainOf(reply.address) &&
      FREE.has(domainOf(reply.address))
    )
      add('REPLY_TO_FREE_MAILBOX', 1.5, `answers go to ${reply.address}, not to ${domainOf(author.address)}`);
    if (sender !== '' && !sender.includes('@')) add('SENDER_WITHOUT_DOMAIN', 1, 'its sender has no domain');
    return points;
  },
};

/** Anybody can have an address there within a minute. */
const FREE = new Set(
  'gmail.com outlook.com hotmail.com yahoo.com aol.com mail.com gmx.com gmx.de proton.me protonmail.com yandex.com yandex.ru mail.ru qq.com 163.com'.split(
    ' ',
  ),
);

function subject(text: string, isAnswer: boolean): ScanPoint[] {
  const points: ScanPoint[] = [];
  const letters = text.match(/[A-Za-z]/g)?.length ?? 0;
  const capitals = text.match(/[A-Z]/g)?.length ?? 0;
  if (letters >= 12 && capitals / letters > 0.9) points.push(point('SUBJECT_SHOUTS', 1, 'its subject is in capitals'));
  if (/[!?]{3}|\${2}|₩{2}|★{2}/u.test(text)) points.push(point('SUBJECT_MARKS', 0.8, 'its subject is full of marks'));
  if (/^(re|aw|답장|회신)\s?:/i.test(text) && !isAnswer)
    points.push(point('FAKE_ANSWER', 1, 'it claims to be an answer, and is none'));
  if (/[\u200b-\u200f\u2060\u00ad]/u.test(text))
    points.push(point('SUBJECT_HIDES', 1.5, 'its subject has characters that cannot be seen'));
  return points;
}

/** "service@bank.example" <x@elsewhere.example> */
function authorName({ name, address }: MailAddress): ScanPoint[] {
  const claimed = ADDRESS.exec(name)?.[1]?.toLowerCase();
  if (claimed === undefined || claimed === domainOf(address)) return [];
  return [point('AUTHOR_NAMES_ANOTHER', 2, `its author ${address} calls itself an address of ${claimed}`)];
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}
