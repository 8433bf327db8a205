/** Fetches the originals of notifications (Downmail) whose owner does not want to be asked each time. */
import { automaticFetch, type Originals } from '../downmail/originals.ts';
import { isKnown } from '../intake/people.ts';
import { MailError } from '../mail/error.ts';
import type { MsgId } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import type { ExtensionModule, ModuleContext } from './module.ts';

export interface OriginalFetchingParts {
  readonly originals: Pick<Originals, 'read' | 'fetch'>;
  readonly clock: Clock;
}

const DEADLINE_MS = 120_000;
const LANES = 16;

export function originalFetching(parts: OriginalFetchingParts): ExtensionModule {
  return {
    name: 'original-fetching',
    does: 'fetches originals that senders keep (Downmail), where their recipient wants that',
    events: ['message-added'],
    scope: 'change',
    deadlineMs: DEADLINE_MS,
    lanes: LANES,
    wants: async (account) => (await automaticFetch(account)) !== 'never',
    async handle(events, context, signal) {
      const inbox = context.account.folderWithRole('inbox')?.id;
      for (const event of events)
        if (event.type === 'message-added' && event.message.folder === inbox)
          await fetchOne(event.message.id, context, parts, signal);
    },
  };
}

/** Throws what may go better later. */
async function fetchOne(
  id: MsgId,
  { change: account, log }: ModuleContext,
  { originals, clock }: OriginalFetchingParts,
  signal: AbortSignal,
): Promise<void> {
  if (account?.meta(id) === undefined) return;
  try {
    const read = await originals.read(await account.getMessage(id));
    if (read === undefined || read.access.confidential || (read.origin !== 'proven' && read.origin !== 'unchecked'))
      return;
    const wanted = await automaticFetch(account);
    if (wanted === 'never' || (wanted === 'known' && !(await isKnown(account, read.author, clock.now())))) return;
    await originals.fetch(account, id, { signal });
  } catch (error) {
    if (!(error instanceof MailError) || error.kind !== 'user') throw error;
    // The notification stays, and says so when it is opened.
    log.info({ err: error, account: account.id }, 'an original was not fetched by itself');
  }
}
