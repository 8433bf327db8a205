import { command, SIGNED_IN } from '../command.ts';

/** DELETE (RFC 3501 §6.3.4): with its messages; not INBOX, not one with mailboxes below it (RFC 9051 §6.3.5). */
export const remove = command<string>({
  name: 'DELETE',
  states: SIGNED_IN,
  parse(d) {
    const path = d.sp().mailbox();
    d.end();
    return path;
  },
  async run(path, session) {
    const { account, folder } = await session.places.existing(path);
    const isSelected =
      session.state === 'selected' && session.selected.account === account && session.selected.folder === folder.id;
    await account.deleteFolder(folder.id);
    if (isSelected) session.unselect();
    return 'DELETE completed';
  },
});
