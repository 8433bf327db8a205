/** Giving others rights in a folder, and taking them. */
import { MailError } from '../../mail/error.ts';
import type { AccountId, FolderId } from '../api.ts';
import type { Operation } from '../commit.ts';
import { changedGrants, MOST_GRANTS, type RightsChange } from '../rights.ts';
import { noFolder } from '../state.ts';

export function setRights(id: FolderId, who: AccountId, change: RightsChange): Operation<void> {
  return {
    plan(draft) {
      const row = draft.folder(id)?.row;
      if (!row) throw noFolder(id);
      const acl = changedGrants(row.acl, who, change);
      if (acl.length > MOST_GRANTS) throw new MailError('limit', 'user', `more than ${MOST_GRANTS} grants`);
      return {
        changes: acl === row.acl ? [] : [{ type: 'folder', row: { ...row, acl }, created: false }],
        result: undefined,
      };
    },
  };
}
