/** What NOTIFY is asked for (RFC 5465 §8). */
import { Refusal } from '../reply.ts';
import { type Decoder, malformed } from './decoder.ts';
import { type FetchItem, fetchItems } from './fetch-item.ts';

const MESSAGE_EVENTS = ['MessageNew', 'MessageExpunge', 'FlagChange'] as const;
const EVENTS = [
  ...MESSAGE_EVENTS,
  'MailboxName',
  'SubscriptionChange',
  'MailboxMetadataChange',
  'ServerMetadataChange',
] as const;
export type NotifyEvent = (typeof EVENTS)[number];

const BY_WORD: ReadonlyMap<string, NotifyEvent> = new Map(EVENTS.map((event) => [event.toUpperCase(), event]));
const OF_MESSAGES: ReadonlySet<NotifyEvent> = new Set(MESSAGE_EVENTS);

export interface NotifyGroup {
  readonly filter: 'selected' | 'selected-delayed' | 'personal' | 'subscribed' | 'subtree' | 'mailboxes';
  /** Of `subtree` and `mailboxes`. */
  readonly names: readonly string[];
  readonly events: ReadonlySet<NotifyEvent>;
  /** Told of new messages in the selected mailbox. */
  readonly items: readonly FetchItem[];
}

export interface NotifyRequest {
  /** How the mailboxes are now is told at once. */
  readonly status: boolean;
  readonly groups: readonly NotifyGroup[];
}

/** Groups of one command. */
const GROUPS = 20;

/** After the command's name. NONE is nothing at all. */
export function notifyRequest(d: Decoder): NotifyRequest {
  const word = d.sp().word();
  if (word === 'NONE') {
    d.end();
    return { status: false, groups: [] };
  }
  if (word !== 'SET') throw malformed('SET or NONE expected');
  const status = d.sp().takeWord('STATUS');
  if (status) d.sp();
  const groups: NotifyGroup[] = [];
  do {
    if (groups.length >= GROUPS) throw malformed('too many groups');
    groups.push(group(d));
  } while (d.take(' '));
  d.end();
  if (groups.filter(({ filter }) => filter.startsWith('selected')).length > 1)
    throw malformed('one group for the selected mailbox');
  return { status, groups };
}

function group(d: Decoder): NotifyGroup {
  d.open();
  const { filter, names } = filterOf(d);
  d.sp();
  const events = new Set<NotifyEvent>();
  let items: readonly FetchItem[] = [];
  if (!d.takeWord('NONE')) {
    d.list(() => {
      events.add(event(d));
      if (!d.nextIs(' (')) return;
      if (!events.has('MessageNew') || events.size > 1) throw malformed('what is told belongs to MessageNew');
      items = fetchItems(d.sp());
    });
    if (events.size === 0) throw malformed('event expected');
  }
  d.close();
  check(filter, events, items);
  return { filter, names, events, items };
}

function filterOf(d: Decoder): Pick<NotifyGroup, 'filter' | 'names'> {
  switch (d.word()) {
    case 'SELECTED':
      return { filter: 'selected', names: [] };
    case 'SELECTED-DELAYED':
      return { filter: 'selected-delayed', names: [] };
    // Rules may put mail into any mailbox (§6.3).
    case 'INBOXES':
    case 'PERSONAL':
      return { filter: 'personal', names: [] };
    case 'SUBSCRIBED':
      return { filter: 'subscribed', names: [] };
    case 'SUBTREE':
      return { filter: 'subtree', names: names(d) };
    case 'MAILBOXES':
      return { filter: 'mailboxes', names: names(d) };
    default:
      throw malformed('unknown mailboxes');
  }
}

function names(d: Decoder): string[] {
  d.sp();
  const all = d.next('(') ? d.list(() => d.mailbox()) : [d.mailbox()];
  if (all.length === 0) throw malformed('mailbox expected');
  return all;
}

function event(d: Decoder): NotifyEvent {
  const found = BY_WORD.get(d.word());
  if (found === undefined) throw new Refusal('NO', `[BADEVENT (${EVENTS.join(' ')})] Of that nobody is told`);
  return found;
}

/** §5: of messages that come and go both or none, flags only with them; §6.1. */
function check(filter: NotifyGroup['filter'], events: ReadonlySet<NotifyEvent>, items: readonly FetchItem[]): void {
  const messages = events.has('MessageNew');
  if (messages !== events.has('MessageExpunge')) throw malformed('MessageNew goes with MessageExpunge');
  if (events.has('FlagChange') && !messages) throw malformed('FlagChange goes with MessageNew and MessageExpunge');
  const selected = filter.startsWith('selected');
  if (selected && !events.isSubsetOf(OF_MESSAGES))
    throw malformed('of the selected mailbox there are message events only');
  if (!selected && items.length > 0) throw malformed('messages are told of the selected mailbox only');
}
