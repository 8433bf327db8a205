/** Tells an owner, in a mail, that somebody signed in from where nobody did before. */
import { hash } from 'node:crypto';
import type { NewPlace } from '../directory/api.ts';
import { composeMessage } from '../mail/compose.ts';
import type { MailStore } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import { automaticMessageId, inboxOf } from './stages/parts.ts';

export interface NewPlaceParts {
  readonly store: Pick<MailStore, 'open'>;
  readonly clock: Clock;
  readonly hostname: string;
}

const BY: { readonly [protocol in NewPlace['protocol']]: readonly [english: string, korean: string] } = {
  http: ['in a browser, or over the API', '브라우저나 API'],
  imap: ['with a mail program (IMAP)', '메일 프로그램 (IMAP)'],
  pop3: ['with a mail program (POP3)', '메일 프로그램 (POP3)'],
  smtp: ['with a mail program, to send (SMTP)', '메일 프로그램, 보내기 (SMTP)'],
  managesieve: ['with a program for filters (ManageSieve)', '필터 프로그램 (ManageSieve)'],
};

/** Into INBOX itself: no rule of whoever has got in files it elsewhere. Once for each place and time. */
export async function tellOfNewPlace(
  { store, clock, hostname }: NewPlaceParts,
  { account, address, protocol, remote, at }: NewPlace,
): Promise<void> {
  using mail = await store.open({ kind: 'system', role: 'intake' }, account);
  await mail.refresh();
  const key = `new-place ${hash('sha256', `${remote} ${at}`, 'base64url')}`;
  const time = `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const [english, korean] = BY[protocol];
  await mail.once(key, async () => {
    const raw = await composeMessage({
      from: { name: 'Pabal', address: `mailer-daemon@${hostname}` },
      to: [{ address }],
      subject: 'Sign-in from a new place / 새로운 곳에서 로그인',
      text: [
        `Somebody signed in to ${address} from a network that was not used before.`,
        '',
        `When: ${time}`,
        `From: ${remote}`,
        `How: ${english}`,
        '',
        'Was it you? Then there is nothing to do. If not, change your password: it ends all sessions and application passwords.',
        '',
        `${address} 계정에 처음 보는 네트워크에서 로그인했습니다.`,
        '',
        `시각: ${time}`,
        `주소: ${remote}`,
        `방법: ${korean}`,
        '',
        '본인이라면 할 일이 없습니다. 아니라면 비밀번호를 바꾸세요. 모든 로그인과 프로그램별 비밀번호가 끝납니다.',
        '',
      ].join('\n'),
      messageId: automaticMessageId(account, key, hostname),
      date: clock.now(),
      headers: [['Auto-Submitted', 'auto-generated']],
    });
    await mail.addMessage(raw, { folder: inboxOf(mail).id });
    return true;
  });
}
