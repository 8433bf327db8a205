import { MailError } from '../../../mail/error.ts';
import { command, SIGNED_IN } from '../command.ts';
import { Refusal } from '../reply.ts';
import { type NamedMailbox, withoutSeparator } from '../wire/decoder.ts';
import { listOne } from './list.ts';

/** RENAME (RFC 3501 §6.3.5, OLDNAME: RFC 9051 §6.3.6): with the mailboxes below it; INBOX stays, its messages go. */
export const rename = command<{ from: string; to: NamedMailbox }>({
  name: 'RENAME',
  states: SIGNED_IN,
  parse(d) {
    const from = d.sp().mailbox();
    const to = withoutSeparator(d.sp().namedMailbox());
    d.end();
    return { from, to };
  },
  async run({ from, to }, session) {
    const { account, folder } = await session.places.existing(from);
    const target = await session.places.accountFor(to.path);
    if (target.account !== account) throw new Refusal('NO', '[CANNOT] A mailbox stays with its owner');
    if (folder.path === target.path) throw new MailError('folder-exists', 'user', 'It has that name already');
    const renamed = await account.renameFolder(folder.id, target.path);
    if (session.rev2) listOne(session, { account, folder: renamed, path: to.path }, { path: to.path, given: from });
    return 'RENAME completed';
  },
});
