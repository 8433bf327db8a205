/**
 * One held mail as an account with exactly that mail in INBOX: what IMAP shows to who signs in with the user id and the password of a
 * notification. Deleting the mail deletes it at its sender; there are no other folders.
 */
import { MailError } from '../mail/error.ts';
import { handedOut } from './handed-out.ts';
import type { HeldMail } from './pick-up.ts';
import { ShownAccount } from './shown-account.ts';

/** The account owns the mail: it is closed with it, and when it cannot be read. */
export async function heldAccount(mail: HeldMail): Promise<ShownAccount> {
  try {
    const { details, body } = await mail.content();
    const content = { details, body: handedOut(mail, { details, body }, 'imap') };
    const { size, created: received } = mail;
    const sent = details.envelope.date ?? Math.floor(received / 1000) * 1000;
    const message = { size, email: details.email, received, sent, content: () => Promise.resolve(content) };
    return new ShownAccount({
      id: mail.userId,
      // Each held mail is an INBOX of its own.
      uidValidity: Math.max(1, Math.floor(received / 1000) % 2 ** 32),
      folders: [{ name: 'INBOX', role: 'inbox', messages: [message] }],
      async delete(messages) {
        if ((await mail.delete()) === 'kept') throw new MailError('not-allowed', 'user', 'its sender keeps this mail');
        return messages;
      },
      [Symbol.dispose]: () => mail[Symbol.dispose](),
    });
  } catch (error) {
    mail[Symbol.dispose]();
    throw error;
  }
}
