/** What the service writes to senders about their sender mailboxes. */
import { formatDate } from '../mail/date.ts';
import { textField } from '../mail/compose.ts';
import { domainOf } from '../mail/path.ts';
import type { Held } from '../mailstore/sender-mailbox.ts';

/** Recipients that are named; of more their number is told. */
const MOST_NAMED = 50;

/** Some copies of a mail are not fetched yet, and expire soon. All of one mail, at least one. For its sender; of what a gateway keeps, for its
 * recipient. */
export function expiryNotice(
  unfetched: readonly Held[],
  about: { readonly hostname: string; readonly now: number },
): Buffer {
  const [{ mail, recipient }] = unfetched as readonly [Held, ...Held[]];
  const until = formatDate(recipient.held.expires);
  const { gateway } = mail.hold;
  if (gateway !== undefined)
    return notice(
      `gateway.${about.hostname}`,
      recipient.address,
      `Not fetched yet: ${mail.subject}`,
      `${mail.id}.expires`,
      about,
      [
        `A mail of ${gateway.author} of ${formatDate(mail.created)} is kept for you by a gateway. You have not fetched it yet.`,
        'You got a notification of it. It is removed on',
        `${until}, and its sender gets a report then.`,
        '',
        `${gateway.author} 님의 메일이 메일연동장치에 보관 중이며 아직 받아가지 않으셨습니다.`,
        `${until}에 삭제되고, 그때 보낸 사람에게 결과를 알립니다.`,
      ],
    );
  const named = unfetched.slice(0, MOST_NAMED).map((one) => `  ${one.recipient.address}`);
  const more = unfetched.length - named.length;
  return notice(domainOf(mail.sender), mail.sender, `Not fetched yet: ${mail.subject}`, `${mail.id}.expires`, about, [
    `Your mail of ${formatDate(mail.created)} waits in your sender mailbox. These recipients have not fetched it yet:`,
    ...named,
    ...(more > 0 ? [`  and ${more} more`] : []),
    '',
    `It is removed on ${until}. You get a report then.`,
    '',
    '보내신 메일을 위의 받는 사람이 아직 받아가지 않았습니다. 원본은 송신측 메일사서함에 보관 중이며',
    `${until}에 삭제되고, 그때 결과를 알려 드립니다.`,
  ]);
}

/** By the postmaster of `domain`, which is one of ours: in another's name it would be a forgery, and be treated so. */
export function notice(
  domain: string,
  to: string,
  subject: string,
  id: string,
  { hostname, now }: { readonly hostname: string; readonly now: number },
  lines: readonly string[],
): Buffer {
  return Buffer.from(
    [
      `From: Pabal <postmaster@${domain}>`,
      `To: <${to}>`,
      textField('Subject', subject.replaceAll(/[\0-\x1f\x7f]+/g, ' ')).trimEnd(),
      `Date: ${formatDate(now)}`,
      `Message-ID: <${id}.${now}@${hostname}>`,
      'Auto-Submitted: auto-generated',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      '',
      ...lines,
      '',
    ].join('\r\n'),
  );
}
