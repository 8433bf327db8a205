import { MailError } from '../../../mail/error.ts';
import type { Folder } from '../../../mailstore/api.ts';
import { command, SIGNED_IN } from '../command.ts';
import type { Session } from '../session.ts';

/** The folder with this path, as of now. */
export async function existing(session: Session, path: string): Promise<Folder> {
  await session.account.refresh();
  const folder = session.account.folderAt(path);
  if (folder === undefined) throw new MailError('folder-missing', 'user', 'There is no folder with that path');
  return folder;
}

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
    const folder = await existing(session, path);
    await session.account.deleteFolder(folder.id);
    if (session.state === 'selected' && session.selected.folder === folder.id) session.unselect();
    return 'DELETE completed';
  },
});
