/** What a mailbox holds, as IMAP tells it. */
import { createHash } from 'node:crypto';
import { ImapClient } from './imap.ts';

/** The password of everybody in tests of the command line. */
const PASSWORD = 'secret-word';

/** Flags and digest of each message, in their order. */
export async function rawMessages(
  at: string,
  user: string,
  folder: string,
): Promise<{ flags: string; hash: string }[]> {
  const client = await ImapClient.connect(at);
  await client.login(user, PASSWORD);
  const all = [];
  for await (const { flags, raw } of client.messages(folder))
    all.push({ flags, hash: createHash('sha256').update(raw).digest('hex') });
  await client.logout();
  return all;
}
