/** Which folders somebody means by `in:` a word: a role in English or Korean, a name, or a path, in any case. */
import type { FolderId, FolderRole } from '../api.ts';
import type { MailboxIndex } from '../mailbox-index.ts';

const ROLES: ReadonlyMap<string, FolderRole> = new Map<string, FolderRole>([
  ['inbox', 'inbox'],
  ['받은편지함', 'inbox'],
  ['받은메일함', 'inbox'],
  ['sent', 'sent'],
  ['보낸편지함', 'sent'],
  ['보낸메일함', 'sent'],
  ['drafts', 'drafts'],
  ['draft', 'drafts'],
  ['임시보관함', 'drafts'],
  ['spam', 'junk'],
  ['junk', 'junk'],
  ['스팸', 'junk'],
  ['스팸메일함', 'junk'],
  ['trash', 'trash'],
  ['휴지통', 'trash'],
  ['archive', 'archive'],
  ['보관함', 'archive'],
  ['snoozed', 'snoozed'],
  ['미룬메일', 'snoozed'],
  ['templates', 'templates'],
  ['서식메일', 'templates'],
]);
const EVERYWHERE = new Set(['all', 'anywhere', '전체', '모두']);

export function foldersNamed(index: MailboxIndex, words: string): Set<FolderId> {
  const wanted = words.normalize('NFC').toLowerCase();
  const role = ROLES.get(wanted.replaceAll(' ', ''));
  const found = new Set<FolderId>();
  for (const folder of index.folders()) {
    const named = folder.name.toLowerCase() === wanted || folder.path.toLowerCase() === wanted;
    if (named || (role !== undefined && folder.role === role) || EVERYWHERE.has(wanted)) found.add(folder.id);
  }
  return found;
}
