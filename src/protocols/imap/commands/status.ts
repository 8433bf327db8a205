import type { Folder } from '../../../mailstore/api.ts';
import { command, SIGNED_IN } from '../command.ts';
import type { Session } from '../session.ts';
import { malformed } from '../wire/decoder.ts';
import { encodeMailboxName } from '../wire/mailbox-name.ts';
import { existing } from './delete.ts';

const ITEMS: ReadonlyMap<string, (folder: Folder, session: Session) => number> = new Map<
  string,
  (folder: Folder, session: Session) => number
>([
  ['MESSAGES', (folder) => folder.total],
  ['RECENT', () => 0],
  ['UIDNEXT', (folder) => folder.uidNext],
  ['UIDVALIDITY', (folder) => folder.uidValidity],
  ['UNSEEN', (folder) => folder.unread],
  ['HIGHESTMODSEQ', (folder) => folder.highestModseq],
  ['APPENDLIMIT', (_folder, session) => session.facts.messageSize],
]);

/** STATUS (RFC 3501 §6.3.10; HIGHESTMODSEQ: RFC 7162 §3.1.7, APPENDLIMIT: RFC 7889 §4). */
export const status = command<{ path: string; items: readonly string[] }>({
  name: 'STATUS',
  states: SIGNED_IN,
  parse(d) {
    const path = d.sp().mailbox();
    const items = d.sp().list(() => {
      const word = d.word();
      if (!ITEMS.has(word)) throw malformed('unknown STATUS item');
      return word;
    });
    if (items.length === 0) throw malformed('STATUS of nothing');
    d.end();
    return { path, items };
  },
  async run({ path, items }, session) {
    const folder = await existing(session, path);
    // Asking for mod-sequences switches them on (RFC 7162 §3.1).
    if (items.includes('HIGHESTMODSEQ')) session.enabled.add('CONDSTORE');
    const values = items.map((item) => `${item} ${ITEMS.get(item)?.(folder, session)}`);
    session.out
      .text('* STATUS ')
      .string(encodeMailboxName(folder.path))
      .line(` (${values.join(' ')})`);
    return 'STATUS completed';
  },
});
