/** A folder of its own for mail that was not read yet (D-24): an owner may have one, and what is read leaves it for INBOX by itself. */
import { MailError } from '../mail/error.ts';
import type { Folder, FolderId, MailAccount } from '../mailstore/api.ts';
import { languageOf } from './language.ts';

const SETTING = ['settings', 'new-mail'] as const;

interface NewMailSetting {
  readonly folder: FolderId;
}

/** Where new mail goes; undefined: to INBOX, as when the folder was removed. */
export async function newMailFolder(account: Pick<MailAccount, 'record' | 'folder'>): Promise<Folder | undefined> {
  const setting = await account.record<NewMailSetting>(...SETTING);
  return setting && account.folder(setting.folder);
}

/** Makes the folder where there is none of that name; `path` may be one that is there, except INBOX and those with a role. */
export async function useNewMailFolder(account: MailAccount, path?: string): Promise<Folder> {
  const name = path ?? ((await languageOf(account)) === 'ko' ? '새 메일' : 'New');
  const there = account.folderAt(name);
  if (there?.role !== undefined) throw new MailError('folder-protected', 'user', `${name} has another purpose`);
  const folder = there ?? (await account.createFolder(name));
  if (!folder.subscribed) await account.subscribe(folder.path, true);
  await account.putRecord(...SETTING, { folder: folder.id } satisfies NewMailSetting);
  return folder;
}

/** What is in it goes to INBOX; the folder stays. */
export async function dropNewMailFolder(account: MailAccount): Promise<void> {
  const folder = await newMailFolder(account);
  await account.putRecord(...SETTING, undefined);
  const inbox = account.folderWithRole('inbox');
  if (folder !== undefined && inbox !== undefined)
    await account.move(account.getMessageIds({ folder: folder.id }), inbox.id);
}
