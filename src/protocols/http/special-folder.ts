/** Folders that are made when they are needed first. */
import { MailError } from '../../mail/error.ts';
import type { Folder, FolderRole, MailAccount } from '../../mailstore/api.ts';

/** The folder with this role; one of this name that somebody made without it is taken as it is. */
export async function folderMadeFor(account: MailAccount, role: FolderRole, name: string): Promise<Folder> {
  const known = account.folderWithRole(role);
  if (known !== undefined) return known;
  try {
    const made = await account.createFolder(name, { role });
    await account.subscribe(made.path, true);
    return made;
  } catch (error) {
    if (!(error instanceof MailError) || (error.code !== 'folder-exists' && error.code !== 'conflict')) throw error;
    const there = account.folderWithRole(role) ?? account.folderAt(name);
    if (there === undefined) throw error;
    return there;
  }
}
