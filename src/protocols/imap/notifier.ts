/** What NOTIFY (RFC 5465) asks for: what happens in mailboxes that are not selected, one's own and those that others share. */
import { ANNOTATION, placeOf, WHOLE_ACCOUNT } from '../../mailstore/annotations.ts';
import type { AccountId, FolderId, MailAccount, VersionChanges } from '../../mailstore/api.ts';
import { may } from '../../mailstore/rights.ts';
import { listLine, listOne } from './commands/list.ts';
import { writeStatus } from './commands/status.ts';
import { OTHERS, type Place } from './places.ts';
import type { SelectedEvents } from './selected.ts';
import type { Session } from './session.ts';
import type { NotifyEvent, NotifyGroup, NotifyRequest } from './wire/notify.ts';

/** An account that is watched. */
interface Watched extends Disposable {
  readonly account: MailAccount;
  /** Before its paths, as the client knows them. */
  readonly prefix: string;
  /** Of its folders, as the client was told last. */
  paths: ReadonlyMap<FolderId, string>;
  /** What happened since: whether messages came or went, or flags changed only. */
  readonly messages: Map<FolderId, 'messages' | 'flags'>;
  readonly folders: Set<FolderId>;
}

export class Notifier implements Disposable {
  readonly #session: Session;
  readonly #groups: readonly NotifyGroup[];
  readonly #wake: () => void;
  /** Of the selected mailbox. */
  readonly selected: SelectedEvents;
  readonly #watched = new Map<AccountId, Watched>();
  readonly #subscriptions = new Set<string>();
  /** Ids of annotations. */
  readonly #annotations = new Set<string>();
  /** Somebody began to share something. */
  #sharing = false;
  #disposed = false;

  private constructor(session: Session, { groups }: NotifyRequest, wake: () => void) {
    this.#session = session;
    this.#wake = wake;
    this.#groups = groups.filter(({ filter }) => !filter.startsWith('selected'));
    const own = groups.find(({ filter }) => filter.startsWith('selected'));
    this.selected = {
      messages: own?.events.has('MessageNew') ?? false,
      flags: own?.events.has('FlagChange') ?? false,
      immediate: own?.filter === 'selected',
      // Being told is not reading.
      items: (own?.items ?? []).map((item) => ('seen' in item ? { ...item, seen: false } : item)),
    };
  }

  /** Tells what is to be told at once (RFC 5465 §3.1), and begins to listen. `wake` is called when there is something to tell. */
  static async begin(session: Session, request: NotifyRequest, wake: () => void): Promise<Notifier> {
    const notifier = new Notifier(session, request, wake);
    if (notifier.#groups.length === 0) return notifier;
    notifier.#watch(session.account, '');
    await notifier.#watchOthers();
    for (const place of notifier.#places()) notifier.#begun(place, request.status);
    return notifier;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const watched of this.#watched.values()) watched[Symbol.dispose]();
    this.#watched.clear();
  }

  #begun(place: Place, status: boolean): void {
    const events = this.#eventsOf(place.path, place.account);
    if (!events.has('MessageNew') || this.#isSelected(place)) return;
    if (!may(place.folder, 'r')) listLine(this.#session, 'LIST', ['NoAccess'], place.path);
    else if (status) {
      const items = ['MESSAGES', 'UIDNEXT', 'UIDVALIDITY'];
      if (events.has('FlagChange')) items.push('HIGHESTMODSEQ');
      writeStatus(this.#session, place, items);
    }
  }

  *#places(): Generator<Place> {
    for (const { account, prefix } of this.#watched.values())
      for (const folder of account.folders()) yield { account, folder, path: prefix + folder.path };
  }

  #watch(account: MailAccount, prefix: string): Watched {
    const watch = account.watch((changes) => this.#noted(watched, changes));
    const watched: Watched = {
      account,
      prefix,
      paths: pathsOf(account),
      messages: new Map(),
      folders: new Set(),
      [Symbol.dispose]: () => watch[Symbol.dispose](),
    };
    this.#watched.set(account.id, watched);
    return watched;
  }

  /** Those who share something and are not watched yet. */
  async #watchOthers(): Promise<readonly Watched[]> {
    const fresh: Watched[] = [];
    for (const { address, account } of await this.#session.places.owners()) {
      if (this.#disposed) break;
      if (!this.#watched.has(account.id)) fresh.push(this.#watch(account, `${OTHERS}${address}/`));
    }
    return fresh;
  }

  #noted(watched: Watched, { changes }: VersionChanges): void {
    const { messages, folders } = watched;
    for (const change of changes) {
      if (change.type === 'added') messages.set(change.message.folder, 'messages');
      else if (change.type === 'removed') messages.set(change.folder, 'messages');
      else if (change.type === 'moved') messages.set(change.from, 'messages').set(change.message.folder, 'messages');
      else if (change.type === 'flags') {
        if (!messages.has(change.message.folder)) messages.set(change.message.folder, 'flags');
      } else if (change.type === 'folder') folders.add(change.id);
      else if (change.type === 'subscription') this.#subscriptions.add(change.path);
      else if (change.type === 'record' && change.kind === ANNOTATION) this.#annotations.add(change.id);
      else if (change.type === 'record' && change.kind === 'shared-from') this.#sharing = true;
    }
    this.#wake();
  }

  /** Tells what happened since the last time. */
  async tell(): Promise<void> {
    if (this.#sharing) {
      this.#sharing = false;
      for (const { account, prefix } of await this.#watchOthers())
        for (const folder of account.folders())
          this.#tellName({ account, folder, path: prefix + folder.path }, prefix + folder.path);
    }
    for (const watched of this.#watched.values()) {
      if (watched.folders.size > 0) this.#tellNames(watched);
      for (const [id, what] of watched.messages) this.#tellMessages(watched, id, what);
      watched.messages.clear();
    }
    for (const path of this.#subscriptions) this.#tellSubscription(path);
    this.#subscriptions.clear();
    for (const id of this.#annotations) this.#tellAnnotation(id);
    this.#annotations.clear();
  }

  #tellMessages({ account, prefix }: Watched, id: FolderId, what: 'messages' | 'flags'): void {
    const folder = account.folder(id);
    if (folder === undefined || !may(folder, 'r')) return;
    const place = { account, folder, path: prefix + folder.path };
    const events = this.#eventsOf(place.path, account);
    if (this.#isSelected(place) || !events.has(what === 'flags' ? 'FlagChange' : 'MessageNew')) return;
    const items = what === 'flags' ? ['UIDVALIDITY', 'UNSEEN'] : ['MESSAGES', 'UIDNEXT', 'UIDVALIDITY', 'UNSEEN'];
    if (this.#session.enabled.has('CONDSTORE')) items.push('HIGHESTMODSEQ');
    writeStatus(this.#session, place, items);
  }

  /** Mailboxes that were made, renamed or deleted, or that may be seen now, or not any more (§5.4). */
  #tellNames(watched: Watched): void {
    const { account, prefix, paths } = watched;
    const parents = new Set<string>();
    for (const id of watched.folders) {
      const folder = account.folder(id);
      const [before, now] = [paths.get(id), folder?.path];
      if (before === now) continue;
      if (folder !== undefined)
        this.#tellName({ account, folder, path: prefix + folder.path }, prefix + (before ?? folder.path));
      else if (this.#eventsOf(`${prefix}${before}`, account).has('MailboxName'))
        listLine(this.#session, 'LIST', ['NonExistent'], `${prefix}${before}`);
      const path = now ?? before ?? '';
      // Whether it has children has changed, too.
      if ((before === undefined || now === undefined) && path.includes('/'))
        parents.add(path.slice(0, path.lastIndexOf('/')));
    }
    for (const path of parents) {
      const folder = account.folderAt(path);
      if (folder !== undefined && !watched.folders.has(folder.id))
        this.#tellName({ account, folder, path: prefix + path }, prefix + path);
    }
    watched.folders.clear();
    watched.paths = pathsOf(account);
  }

  #tellName(place: Place, given: string): void {
    const { path, account } = place;
    if (this.#eventsOf(path, account).has('MailboxName') || this.#eventsOf(given, account).has('MailboxName'))
      listOne(this.#session, place, { path, given });
  }

  #tellSubscription(path: string): void {
    const place = [...this.#places()].find((one) => one.path === path);
    if (!this.#eventsOf(path, place?.account).has('SubscriptionChange')) return;
    if (place !== undefined) listOne(this.#session, place, { path, given: path });
    else {
      const subscribed = this.#session.account.subscriptions().includes(path);
      listLine(this.#session, 'LIST', ['NonExistent', ...(subscribed ? ['Subscribed'] : [])], path);
    }
  }

  #tellAnnotation(id: string): void {
    const { account, out } = this.#session;
    const { place, entry } = placeOf(id);
    const name = place === WHOLE_ACCOUNT ? '' : account.folder(place)?.path;
    if (name === undefined) return;
    const asked =
      place === WHOLE_ACCOUNT
        ? this.#groups.some(({ events }) => events.has('ServerMetadataChange'))
        : this.#eventsOf(name, account).has('MailboxMetadataChange');
    if (asked) out.text('* METADATA ').mailbox(name).text(' ').string(entry).line('');
  }

  #isSelected({ account, folder }: Place): boolean {
    const session = this.#session;
    return (
      session.state === 'selected' && session.selected.account === account && session.selected.folder === folder.id
    );
  }

  /** What is to be told of a mailbox that is not selected. */
  #eventsOf(path: string, account: MailAccount | undefined): ReadonlySet<NotifyEvent> {
    const all = new Set<NotifyEvent>();
    for (const group of this.#groups)
      if (this.#isMeant(group, path, account)) for (const event of group.events) all.add(event);
    return all;
  }

  #isMeant({ filter, names }: NotifyGroup, path: string, account: MailAccount | undefined): boolean {
    const own = this.#session.account;
    if (filter === 'personal') return account === own || (account === undefined && !path.startsWith(OTHERS));
    if (filter === 'subscribed') return own.subscriptions().includes(path);
    return names.some((name) => path === name || (filter === 'subtree' && path.startsWith(`${name}/`)));
  }
}

function pathsOf(account: MailAccount): ReadonlyMap<FolderId, string> {
  return new Map(account.folders().map(({ id, path }) => [id, path]));
}
