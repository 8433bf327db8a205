/**
 * An extension module: flags mail whose subject speaks of an invoice. Name this file in `modules.load`, and start the service:
 *
 *     pabal serve --set 'modules.load=["./examples/flag-invoices.ts"]'
 */
import { Flag } from '../src/mailstore/api.ts';
import type { ExtensionModule } from '../src/modules/module.ts';

export const module: ExtensionModule = {
  name: 'flag-invoices',
  does: 'flags mail with an invoice',
  events: ['message-added'],
  scope: 'change',
  async handle(events, { change: account }) {
    for (const event of events) {
      if (event.type !== 'message-added' || account === undefined) continue;
      // It may be gone by now.
      if (account.meta(event.message.id) === undefined) continue;
      const { envelope } = await account.details(event.message.id);
      if (!/invoice|청구서/i.test(envelope.subject)) continue;
      await account.updateMessage([event.message.id], { mode: 'add', flags: Flag.flagged, keywords: [] });
    }
  },
};
