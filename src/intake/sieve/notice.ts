/** Tells the owner, in a mail, that a script could not go on. */
import { composeMessage } from '../../mail/compose.ts';

export interface ScriptFailure {
  readonly owner: string;
  readonly script: string;
  /** With line and column. */
  readonly problem: string;
  /** A mail arrived, or something happened to one that is there. */
  readonly when: 'arrival' | 'event';
  readonly hostname: string;
  readonly messageId: string;
  readonly now: number;
}

const WORDS = {
  arrival: ['a mail that arrived. The mail is in your INBOX.', ['도착한 메일에', '메일은 받은 편지함에 있습니다.']],
  event: ['a mail in a folder. The mail stays as it is.', ['폴더에 있는 메일에', '메일은 그대로 있습니다.']],
} as const;

export function scriptFailed({
  owner,
  script,
  problem,
  when,
  hostname,
  messageId,
  now,
}: ScriptFailure): Promise<Buffer> {
  const [english, korean] = WORDS[when];
  return composeMessage({
    from: { name: 'Mail filter', address: `mailer-daemon@${hostname}` },
    to: [{ address: owner }],
    subject: `Your mail filter failed / 메일 필터 오류: ${script}`,
    text: [
      `Your Sieve script "${script}" could not be carried out on ${english}`,
      'While this is so, others will be treated likewise; you are told once a day.',
      '',
      `${korean[0]} Sieve 스크립트 "${script}"를 적용하지 못했습니다. ${korean[1]}`,
      '고칠 때까지 다른 메일도 같은 방식으로 보관되며, 이 알림은 하루에 한 번 보내드립니다.',
      '',
      problem,
      '',
    ].join('\n'),
    messageId,
    date: now,
    headers: [['Auto-Submitted', 'auto-generated']],
  });
}
