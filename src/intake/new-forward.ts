/** Tells an owner, in a mail, that mail is passed on to where it was not before: whoever has got in would like to go on reading. */
import { randomUUID } from 'node:crypto';
import type { Directory } from '../directory/api.ts';
import { composeMessage } from '../mail/compose.ts';
import { INTAKE, automaticMessageId, inboxOf } from './stages/parts.ts';
import type { NewPlaceParts } from './new-place.ts';
import type { TellOfForwards } from './sieve/scripts.ts';

export interface NewForwardParts extends NewPlaceParts {
  readonly directory: Pick<Directory, 'account'>;
}

/** Into INBOX itself, as the notice of a new place. */
export function tellOfNewForwards({ store, directory, clock, hostname }: NewForwardParts): TellOfForwards {
  return async (account, to) => {
    const owner = await directory.account(account);
    if (owner === undefined) return;
    using mail = await store.open(INTAKE, account);
    await mail.refresh();
    const { address } = owner;
    const list = to.map((one) => `  ${one}`);
    const raw = await composeMessage({
      from: { name: 'Pabal', address: `mailer-daemon@${hostname}` },
      to: [{ address }],
      subject: 'Mail is passed on to a new address / 메일을 새 주소로 전달합니다',
      text: [
        `A rule or a script of ${address} passes mail on to an address that it was not passed on to before:`,
        '',
        ...list,
        '',
        'Was it you? Then there is nothing to do. If not, remove it in the settings under “Rules” (scripts: in your filter program), and change your password.',
        '',
        `${address} 계정의 규칙이나 스크립트가 이제까지 쓰지 않던 주소로 메일을 전달합니다.`,
        '',
        ...list,
        '',
        '본인이 한 일이라면 할 일이 없습니다. 아니라면 설정의 ‘규칙’에서 (스크립트는 필터 프로그램에서) 지우고 비밀번호를 바꾸세요.',
        '',
      ].join('\n'),
      messageId: automaticMessageId(account, `new-forward ${randomUUID()}`, hostname),
      date: clock.now(),
      headers: [['Auto-Submitted', 'auto-generated']],
    });
    await mail.addMessage(raw, { folder: inboxOf(mail).id });
  };
}
