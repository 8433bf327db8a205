/** Takes what was read out of the folder for new mail (D-24). */
import { newMailFolder } from '../intake/new-mail.ts';
import { Flag, type MsgId, type Places } from '../mailstore/api.ts';
import type { ExtensionModule } from './module.ts';

export function newMail(): ExtensionModule {
  return {
    name: 'new-mail',
    does: 'moves what was read from the folder for new mail to INBOX',
    events: ['flags-changed', 'message-added'],
    scope: 'change',
    wants: async (account) => (await newMailFolder(account)) !== undefined,
    async handle(events, { change: account }) {
      if (account === undefined) return;
      const folder = await newMailFolder(account);
      const inbox = account.folderWithRole('inbox');
      if (folder === undefined || inbox === undefined) return;
      const ids: MsgId[] = [];
      const places: Places[number][] = [];
      for (const event of events) {
        if (event.type !== 'flags-changed' && event.type !== 'message-added') continue;
        const { id, flags, folder: at, uid } = event.message;
        if (at !== folder.id || (flags & Flag.seen) === 0) continue;
        ids.push(id);
        places.push({ folder: at, uid });
      }
      // What its owner has moved since stays where he put it.
      if (ids.length > 0) await account.move(ids, inbox.id, places);
    },
  };
}
