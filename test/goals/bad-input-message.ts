/** Broken mails: what the final dot was answered, and whether they come back. */
import { ImapClient } from '../client/imap.ts';
import { Pop3Client } from '../client/pop3.ts';
import { dotStuffed, SmtpClient } from '../client/smtp.ts';
import { until } from '../support/until.ts';
import type { BadInput, Dialogue, Targets } from './bad-input.ts';

/** A broken mail is mail: it must come back as it went in, and every question about it must have an answer. */
export async function openMessage(input: BadInput, { at }: Targets, account: string): Promise<Dialogue | undefined> {
  const { smtp, imap, pop3 } = at;
  if (smtp === undefined || imap === undefined || pop3 === undefined) return undefined;
  const reply = await sent(input.send, smtp, account);
  return {
    next: () => Promise.resolve(reply),
    untagged: [],
    inStep: async () => (reply.startsWith('250 ') ? await asSent(input.send, { imap, pop3 }, account) : undefined),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

interface Addresses {
  readonly imap: string;
  readonly pop3: string;
}

async function sent(message: Buffer, address: string, account: string): Promise<string> {
  await using smtp = await SmtpClient.connect(address);
  await smtp.command('MAIL FROM:<sender@client.test>', 250);
  await smtp.command(`RCPT TO:<${account}>`, 250);
  await smtp.command('DATA', 354);
  await smtp.wire.write(dotStuffed(message));
  const reply = await smtp.reply();
  await smtp.quit();
  return `${reply.code} ${reply.lines.join('\n')}`;
}

/** What is not as it was sent, if anything. */
async function asSent(message: Buffer, at: Addresses, account: string): Promise<string | undefined> {
  await using imap = await ImapClient.connect(at.imap);
  await imap.login(account, 'pass');
  await until('what was accepted is in the mailbox', async () => (await imap.count('INBOX')) > 0);
  await imap.ok('EXAMINE INBOX');
  const whole = (await imap.ok('FETCH 1 BODY.PEEK[]')).untagged.flatMap((response) => response.literals)[0];
  if (!whole || !endsWith(whole, message)) return 'BODY[] is not what was sent';
  for (const item of [
    'BODYSTRUCTURE',
    'BODY',
    'ENVELOPE',
    'RFC822.SIZE',
    'BODY.PEEK[HEADER]',
    'BODY.PEEK[TEXT]',
    'BODY.PEEK[1]',
    'BODY.PEEK[1.MIME]',
    'BODY.PEEK[HEADER.FIELDS (SUBJECT __proto__)]',
  ]) {
    const answer = await imap.command(`FETCH 1 ${item}`);
    if (answer.status !== 'OK') return `FETCH ${item} was answered ${answer.status} ${answer.text}`;
  }
  await imap.ok('SEARCH SUBJECT "x" FROM "a" SENTSINCE 1-Jan-2000');
  await imap.logout();
  await using pop3 = await Pop3Client.connect(at.pop3);
  await pop3.login(account, 'pass');
  const popped = await pop3.retrieve(1);
  await pop3.quit();
  return endsWith(popped, message) ? undefined : 'RETR is not what was sent';
}

function endsWith(whole: Buffer, end: Buffer): boolean {
  return whole.length >= end.length && whole.subarray(whole.length - end.length).equals(end);
}
