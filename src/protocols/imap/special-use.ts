/** Special-use attributes (RFC 6154 §2, \Important: RFC 8457). */
import type { FolderRole } from '../../mailstore/api.ts';

const ATTRIBUTES: readonly (readonly [FolderRole, string])[] = [
  ['sent', 'Sent'],
  ['drafts', 'Drafts'],
  ['junk', 'Junk'],
  ['trash', 'Trash'],
  ['archive', 'Archive'],
  ['important', 'Important'],
  ['flagged', 'Flagged'],
  ['all', 'All'],
];

const byRole: ReadonlyMap<FolderRole, string> = new Map(ATTRIBUTES);
const byName: ReadonlyMap<string, FolderRole> = new Map(
  ATTRIBUTES.filter(([role]) => role !== 'flagged' && role !== 'all').map(([role, name]) => [name.toUpperCase(), role]),
);

/** The attribute of a role, without its backslash; INBOX needs none. */
export function attributeOf(role: FolderRole): string | undefined {
  return byRole.get(role);
}

/** The role that a client may give a new mailbox; \Flagged and \All would be views of other mailboxes, which we have not. */
export function roleNamed(attribute: string): FolderRole | undefined {
  return byName.get(attribute);
}
