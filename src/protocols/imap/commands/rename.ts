import { MailError } from '../../../mail/error.ts';
import { command, SIGNED_IN } from '../command.ts';
import { Refusal } from '../reply.ts';

/** RENAME (RFC 3501 §6.3.5): with the mailboxes below it; INBOX stays, its messages go. */
export const rename = command<{ from: string; to: string }>({
  name: 'RENAME',
  states: SIGNED_IN,
  parse(d) {
    const from = d.sp().mailbox();
    const to = d.sp().mailbox();
    d.end();
    return { from, to: to.endsWith('/') ? to.slice(0, -1) : to };
  },
  async run({ from, to }, session) {
    const { account, folder } = await session.places.existing(from);
    const target = await session.places.accountFor(to);
    if (target.account !== account) throw new Refusal('NO', '[CANNOT] A mailbox stays with its owner');
    if (folder.path === target.path) throw new MailError('folder-exists', 'user', 'It has that name already');
    await account.renameFolder(folder.id, target.path);
    return 'RENAME completed';
  },
});
