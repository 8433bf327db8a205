import type { FolderView } from '../../../mailstore/api.ts';
import { Flag } from '../../../mailstore/api.ts';
import { MailError } from '../../../mail/error.ts';
import { may, type Right } from '../../../mailstore/rights.ts';
import { command, SIGNED_IN } from '../command.ts';
import { mailboxId } from '../object-id.ts';
import { writeIndexRows } from '../fetch/index-row.ts';
import { Selected } from '../selected.ts';
import { vanishedSince, writeVanished } from '../vanished.ts';
import { type Qresync, qresync } from '../wire/qresync.ts';
import type { Session } from '../session.ts';
import { type Decoder, malformed, type NamedMailbox } from '../wire/decoder.ts';
import { uidRequired } from '../reply.ts';
import { listOne } from './list.ts';

/** Any of them makes a mailbox one that is not only read. */
const CHANGES: readonly Right[] = ['i', 'e', 's', 't', 'w'];

interface SelectArgs {
  readonly name: NamedMailbox;
  readonly condstore: boolean;
  readonly resync: Qresync | undefined;
}

function parse(d: Decoder, session: Session): SelectArgs {
  const name = d.sp().namedMailbox();
  let condstore = false;
  let resync: Qresync | undefined;
  if (d.take(' ')) {
    d.list(() => {
      const word = d.word();
      if (word === 'CONDSTORE') condstore = true;
      else if (word !== 'QRESYNC') throw malformed('unknown SELECT parameter');
      else if (!session.enabled.has('QRESYNC')) throw malformed('QRESYNC is not enabled');
      else resync = qresync(d);
    });
  }
  d.end();
  if (session.uidOnly && resync?.numbered === true) throw uidRequired();
  return { name, condstore, resync };
}

async function run({ name, condstore, resync }: SelectArgs, session: Session, examine: boolean): Promise<string> {
  const { out } = session;
  if (session.state === 'selected') {
    session.unselect();
    // What follows is about the other mailbox (RFC 7162 §3.2.11).
    out.line('* OK [CLOSED] The mailbox selected before is closed');
  }
  const place = await session.places.existing(name.path);
  const { account } = place;
  // Of the moment of the view: UIDNEXT and HIGHESTMODSEQ say what is in it.
  const folder = account.folder(place.folder.id) ?? place.folder;
  if (!may(folder, 'r')) throw new MailError('not-allowed', 'user', 'that needs the right to read');
  if (condstore) session.enabled.add('CONDSTORE');
  // Where nothing may be changed it is as if that was asked for (RFC 4314 §5.2).
  const readOnly = examine || !CHANGES.some((right) => may(folder, right));
  const selected = new Selected(account, folder, readOnly);
  session.select(selected);
  const { view } = selected.tracker;
  selected.tellFlags(session);
  selected.tellExists(session, view.length);
  if (session.rev2) listOne(session, place, name);
  // RFC 9051 has it no more, and RFC 9586 no numbers.
  const unseen = folder.unread > 0 && !session.rev2 && !session.uidOnly ? firstUnseen(view) : -1;
  if (unseen >= 0) out.line(`* OK [UNSEEN ${unseen + 1}] First unread message`);
  out.line(`* OK [UIDVALIDITY ${folder.uidValidity}] UIDs are valid`);
  out.line(`* OK [UIDNEXT ${folder.uidNext}] Next UID`);
  out.line(`* OK [MAILBOXID (${mailboxId(account, folder)})] Id of the mailbox`);
  out.line(`* OK [HIGHESTMODSEQ ${folder.highestModseq}] Highest mod-sequence`);
  if (resync?.uidValidity === folder.uidValidity) await tellChanges(session, resync);
  return `[READ-${readOnly ? 'ONLY' : 'WRITE'}] ${examine ? 'EXAMINE' : 'SELECT'} completed`;
}

/** What happened since the client was here last (RFC 7162 §3.2.5): what is gone, then what changed or came. */
async function tellChanges(session: Session, { modseq, known }: Qresync): Promise<void> {
  const { out, selected } = session;
  const { tracker } = selected;
  const { view } = tracker;
  out.begin();
  await writeVanished(out, await vanishedSince(selected.account, tracker, modseq, known), true);
  const spans = known === undefined ? ([[0, view.length]] as const) : selected.spans(known, 'uid');
  await writeIndexRows(out, view, spans, ['UID', 'FLAGS', 'MODSEQ'], { changedSince: modseq });
}

function firstUnseen(view: FolderView): number {
  for (let at = 0; at < view.length; at++) {
    const flags = view.flagsAt(at);
    if (flags >= 0 && (flags & Flag.seen) === 0) return at;
  }
  return -1;
}

/** SELECT (RFC 3501 §6.3.1, RFC 9051 §6.3.2; CONDSTORE, QRESYNC: RFC 7162 §3.1.8, §3.2.5). */
export const select = command<SelectArgs>({
  name: 'SELECT',
  states: SIGNED_IN,
  parse,
  run: (args, session) => run(args, session, false),
});

/** EXAMINE (RFC 3501 §6.3.2): SELECT without the right to change anything. */
export const examine = command<SelectArgs>({
  name: 'EXAMINE',
  states: SIGNED_IN,
  parse,
  run: (args, session) => run(args, session, true),
});
