/**
 * Several sessions that do whatever they like with one account, all at once: its owner's, and those of a guest with whom its folders are
 * shared; half of them with QRESYNC, some with NOTIFY. What each is told is held against what a
 * session may be told (`imap-view.ts`), what was acknowledged against what is there in the end.
 */
import { SeededRandom } from '../corpus/random.ts';
import { ImapClient, type ImapResponse } from '../client/imap.ts';
import { FOLDERS, type FolderName, type StressLedger } from './imap-ledger.ts';
import { checkResynced, type Kept, kept, resynced } from './imap-resync.ts';
import { FolderView, uidsOf } from './imap-view.ts';

/** So many messages in a folder, and some are thrown away. */
const CROWDED = 60;

const GUEST = 'guest@mail.test';

/** The guest may do in the folders whatever the sessions do. */
export async function share(address: string, account: string): Promise<void> {
  await using guest = await ImapClient.connect(address);
  await guest.login(GUEST, 'pass');
  await using owner = await ImapClient.connect(address);
  await owner.login(account, 'pass');
  for (const folder of FOLDERS) await owner.ok(`SETACL ${folder} ${GUEST} lrswite`);
}

/** Numbers hold between commands, so that messages may be named by them (RFC 5465 §5.2). */
const NOTIFY =
  'NOTIFY SET (selected-delayed (MessageNew (UID FLAGS) MessageExpunge FlagChange)) (personal (MessageNew MessageExpunge))';

export interface StressOptions {
  readonly address: string;
  readonly account: string;
  readonly sessions: number;
  readonly seed: number;
  readonly ledger: StressLedger;
  /** Ends the sessions; those that lose their connection before take note of what was under way. */
  readonly until: AbortSignal;
  /** For controls: what the client hears instead; undefined swallows the response. */
  readonly tamper?: (text: string) => string | undefined;
}

/** Until `until`, or until the connections are lost. */
export async function stress(options: StressOptions): Promise<void> {
  const { sessions } = options;
  await Promise.all(Array.from({ length: sessions }, (_, i) => new StressSession(options, i).run()));
}

class StressSession {
  readonly #options: StressOptions;
  readonly #name: string;
  readonly #guest: boolean;
  readonly #qresync: boolean;
  readonly #notify: boolean;
  /** What NOTIFY told of the other folders. */
  readonly #uidNexts = new Map<string, number>();
  /** Of the folders that were left. */
  readonly #kept = new Map<FolderName, Kept>();
  #selected: Pick<Kept, 'uidValidity' | 'modseq'> | undefined;
  readonly #random: SeededRandom;
  readonly #ledger: StressLedger;
  #imap: ImapClient | undefined;
  #folder: FolderName = 'INBOX';
  #view: FolderView;
  #appended = 0;

  constructor(options: StressOptions, index: number) {
    this.#options = options;
    this.#ledger = options.ledger;
    this.#name = `s${options.seed}x${index}`;
    this.#guest = index % 4 >= 2;
    this.#qresync = index % 2 === 1;
    this.#notify = index % 3 === 1;
    this.#random = new SeededRandom(options.seed * 1000 + index);
    this.#view = this.#newView();
  }

  #newView(): FolderView {
    return new FolderView((what) => this.#ledger.complain(`${this.#name} in ${this.#folder}: ${what}`));
  }

  async run(): Promise<void> {
    const { address, account, until } = this.#options;
    try {
      await using imap = await ImapClient.connect(address);
      this.#imap = imap;
      await imap.login(this.#guest ? GUEST : account, 'pass');
      if (this.#qresync) await imap.ok('ENABLE QRESYNC');
      if (this.#notify) await imap.ok(NOTIFY);
      await this.#select('INBOX');
      while (!until.aborted) {
        this.#ledger.commands++;
        await this.#step();
        if (this.#view.uids.length < this.#view.size) await this.#say('UID FETCH 1:* (UID FLAGS)');
      }
      await imap.logout();
    } catch (error) {
      if (!until.aborted) this.#ledger.complain(`${this.#name}: ${String(error)}`);
    }
  }

  /** Runs a command; answers its tagged line, and what was untagged. `closed`: what comes before CLOSED is about the folder that is left. */
  async #say(
    command: string,
    { done, closed }: { readonly done?: string; readonly closed?: () => void } = {},
  ): Promise<{ tagged: string; untagged: readonly ImapResponse[] }> {
    const imap = this.#imap as ImapClient;
    const tag = imap.nextTag();
    const untagged: ImapResponse[] = [];
    await imap.wire.write(`${tag} ${command}\r\n`);
    for (;;) {
      const response = await imap.response();
      const text = this.#options.tamper === undefined ? response.text : this.#options.tamper(response.text);
      if (text === undefined) continue;
      if (text.startsWith('+') && done !== undefined) await imap.wire.write(done);
      else if (text.startsWith(`${tag} `)) {
        const tagged = text.slice(tag.length + 1);
        // What is named may have been removed by somebody else, which could not be told yet.
        if (!/^(OK|NO \[(EXPUNGEISSUED|NONEXISTENT)\])/.test(tagged))
          this.#ledger.complain(`${this.#name}: ${command} was answered ${tagged}`);
        return { tagged, untagged };
      } else if (closed !== undefined && text.startsWith('* OK [CLOSED]')) {
        closed();
        untagged.length = 0;
      } else {
        this.#view.hear(text, command);
        this.#heardOfOthers(text);
        untagged.push(response);
      }
    }
  }

  /** STATUS, as NOTIFY has it told. */
  #heardOfOthers(text: string): void {
    const [, folder, items = ''] = /^\* STATUS "?(\w+)"? \((.*)\)$/.exec(text) ?? [];
    if (folder === undefined) return;
    if (!this.#notify) this.#ledger.complain(`${this.#name}: '${text}', and nobody asked`);
    const next = Number(/UIDNEXT (\d+)/.exec(items)?.[1] ?? 0);
    if (next < (this.#uidNexts.get(folder) ?? 0)) this.#ledger.complain(`${this.#name}: UIDNEXT fell in '${text}'`);
    this.#uidNexts.set(folder, next);
  }

  /** As this session names it. */
  #path(folder: FolderName): string {
    return this.#guest ? `~${this.#options.account}/${folder}` : folder;
  }

  async #select(folder: FolderName): Promise<void> {
    if (this.#qresync && this.#selected) this.#kept.set(this.#folder, kept(this.#selected, this.#view));
    const before = this.#kept.get(folder);
    const view = this.#newView();
    const closed = (): void => {
      this.#view = view;
      this.#folder = folder;
    };
    if (this.#selected === undefined) closed();
    const key = `${folder} HIGHESTMODSEQ`;
    const floor = this.#ledger.highest.get(key) ?? 0;
    const how = before === undefined ? 'CONDSTORE' : `QRESYNC (${before.uidValidity} ${before.modseq})`;
    const { untagged } = await this.#say(`SELECT ${this.#path(folder)} (${how})`, { closed });
    const told = untagged.map(({ text }) => text).join('\n');
    const modseq = Number(/\[HIGHESTMODSEQ (\d+)\]/.exec(told)?.[1] ?? 0);
    if (modseq < floor) this.#ledger.complain(`HIGHESTMODSEQ of ${folder} fell to ${modseq}`);
    this.#ledger.highest.set(key, Math.max(modseq, this.#ledger.highest.get(key) ?? 0));
    this.#selected = { uidValidity: Number(/\[UIDVALIDITY (\d+)\]/.exec(told)?.[1]), modseq };
    const complain = (what: string): void => this.#ledger.complain(`${this.#name} in ${folder}: ${what}`);
    const has = before?.uidValidity === this.#selected.uidValidity ? resynced(before, untagged, complain) : undefined;
    if (this.#view.size === 0) return;
    const all = await this.#say('FETCH 1:* (UID FLAGS MODSEQ)');
    if (has) checkResynced(has, modseq, all.untagged, complain);
  }

  async #step(): Promise<void> {
    const { size } = this.#view;
    const dice = this.#random.int(0, 99);
    if (size === 0 || dice < 10) return await this.#append(this.#random.pick(FOLDERS), 1);
    if (dice < 14) return await this.#append(this.#random.pick(FOLDERS), this.#random.int(2, 4));
    if (dice < 19) return await this.#select(this.#random.pick(FOLDERS));
    if (dice < 29) return void (await this.#say(`FETCH ${this.#range()} (UID FLAGS MODSEQ)`));
    if (dice < 35) return await this.#read();
    if (dice < 44) return void (await this.#say(`STORE ${this.#range()} ${this.#change()}`));
    if (dice < 48) return void (await this.#say(`UID STORE ${this.#someUid()} ${this.#change()}`));
    if (dice < 53) return await this.#storeUnlessChanged();
    if (dice < 59) return await this.#copy('COPY');
    if (dice < 66) return await this.#copy('MOVE');
    if (dice < 71) return await this.#replace();
    if (dice < 77) return await this.#delete();
    if (dice < 84) return void (await this.#say('EXPUNGE'));
    if (dice < 90)
      return void (await this.#say(this.#random.pick(['SEARCH UNSEEN', 'SEARCH DELETED', 'UID SEARCH ALL'])));
    if (dice < 95) return void (await this.#say('IDLE', { done: 'DONE\r\n' }));
    await this.#say('NOOP');
  }

  #seq(): number {
    return this.#random.int(1, this.#view.size);
  }
  #range(): string {
    const from = this.#seq();
    return `${from}:${Math.min(this.#view.size, from + this.#random.int(0, 3))}`;
  }
  #someUid(): number {
    return this.#view.uid(this.#seq()) ?? 1;
  }
  #change(): string {
    const flag = this.#random.pick(['\\Seen', '\\Flagged', '\\Answered', 'one', 'two']);
    return `${this.#random.pick(['+', '-'])}FLAGS${this.#random.pick(['', '.SILENT'])} (${flag})`;
  }

  #newToken(): string {
    return `${this.#name}n${++this.#appended}`;
  }

  /** Some in one command: all of them, in their order. */
  async #append(folder: FolderName, count: number): Promise<void> {
    const tokens = Array.from({ length: count }, () => this.#newToken());
    const above = this.#ledger.highest.get(folder) ?? 0;
    for (const token of tokens) this.#ledger.unknown.add(`${folder} ${token}`);
    const messages = tokens.map((token) => ` ${this.#literalOf(token)}`).join('');
    const { tagged } = await this.#say(`APPEND ${this.#path(folder)}${messages}`);
    const uids = uidsOf(/\[APPENDUID \d+ ([\d:,]+)\]/.exec(tagged)?.[1] ?? '0');
    if (uids.length !== count) this.#ledger.complain(`${this.#name}: APPEND of ${count} was answered ${tagged}`);
    for (const [i, token] of tokens.entries()) {
      this.#ledger.unknown.delete(`${folder} ${token}`);
      this.#ledger.create(folder, uids[i] ?? 0, token, above);
    }
  }

  /** Half of them as they are (RFC 3516 §4.4). */
  #literalOf(token: string): string {
    const message = `Subject: ${token}\r\n\r\n${token}\r\n`;
    return `${this.#random.pick(['', '~'])}{${message.length}+}\r\n${message}`;
  }

  /** A UID is the same message for everybody, for ever. */
  async #read(): Promise<void> {
    const uid = this.#someUid();
    const how = this.#random.pick(['BODY.PEEK[HEADER.FIELDS (SUBJECT)]', 'BINARY.PEEK[1]', 'BODY.PEEK[TEXT]']);
    const { untagged } = await this.#say(`UID FETCH ${uid} (FLAGS ${how})`);
    const token = this.#ledger.created.get(`${this.#folder} ${uid}`);
    const [content] = untagged.flatMap(({ literals }) => literals).map(String);
    if (token === undefined || content === undefined) return;
    if (content.replace(/^Subject: /, '').trim() !== token)
      this.#ledger.complain(`${how} of UID ${uid} in ${this.#folder} was '${content}', it is ${token}`);
  }

  /** Whoever knows that a message has changed since is told that it has (RFC 7162 §3.1.3). */
  async #storeUnlessChanged(): Promise<void> {
    const seq = this.#seq();
    const uid = this.#view.uid(seq);
    const modseq = uid === undefined ? undefined : this.#view.modseqOf(uid);
    if (uid === undefined || modseq === undefined) return;
    const late = this.#random.next() < 0.5;
    const { tagged } = await this.#say(`STORE ${seq} (UNCHANGEDSINCE ${late ? modseq - 1 : modseq}) ${this.#change()}`);
    const modified = /\[MODIFIED ([\d:,]+)\]/.exec(tagged)?.[1];
    if (modified !== undefined && modified !== String(seq))
      this.#ledger.complain(`${this.#name}: STORE of ${seq} was answered ${tagged}`);
    if (late && modified === undefined && !this.#ledger.mayBeGone.has(`${this.#folder} ${uid}`))
      this.#ledger.complain(`UID ${uid} of ${this.#folder} was changed, although it had been since ${modseq - 1}`);
  }

  /** REPLACE: the old one goes with the commit that brings the new one. */
  async #replace(): Promise<void> {
    const seq = this.#seq();
    const meant = this.#view.uid(seq);
    if (meant === undefined) return;
    const to = this.#random.pick(FOLDERS);
    const token = this.#newToken();
    const above = this.#ledger.highest.get(to) ?? 0;
    const key = `${this.#folder} ${meant}`;
    this.#ledger.mayBeGone.add(key);
    this.#ledger.unknown.add(`${to} ${token}`);
    const which = this.#random.next() < 0.5 ? `REPLACE ${seq}` : `UID REPLACE ${meant}`;
    const { tagged, untagged } = await this.#say(`${which} ${this.#path(to)} ${this.#literalOf(token)}`);
    this.#ledger.unknown.delete(`${to} ${token}`);
    const uid = untagged.map(({ text }) => /^\* OK \[APPENDUID \d+ (\d+)\]/.exec(text)?.[1]).find(Boolean);
    // Somebody else was quicker.
    if (!tagged.startsWith('OK')) return;
    this.#ledger.create(to, Number(uid ?? 0), token, above);
    this.#ledger.replaced.add(key);
  }

  /** One message, by number or by UID: what COPYUID says must be the one that was meant. */
  async #copy(verb: 'COPY' | 'MOVE'): Promise<void> {
    const seq = this.#seq();
    const meant = this.#view.uid(seq);
    if (meant === undefined) return;
    const from = this.#folder;
    const key = `${from} ${meant}`;
    const to = this.#random.pick(FOLDERS.filter((folder) => folder !== from));
    // Another session may still wait to hear that its copy was acknowledged; then nobody knows yet what this is.
    const token = this.#ledger.created.get(key);
    if (token === undefined) return;
    const above = this.#ledger.highest.get(to) ?? 0;
    if (verb === 'MOVE') this.#ledger.mayBeGone.add(key);
    this.#ledger.unknown.add(`${to} ${token}`);
    const { tagged, untagged } = await this.#say(
      this.#random.next() < 0.5 ? `${verb} ${seq} ${this.#path(to)}` : `UID ${verb} ${meant} ${this.#path(to)}`,
    );
    const told = [tagged, ...untagged.map(({ text }) => text)].join('\n');
    const [, source, target] = /\[COPYUID \d+ (\d+) (\d+)\]/.exec(told) ?? [];
    // Somebody else was quicker to move or expunge it.
    if (source === undefined) {
      if (!this.#ledger.mayBeGone.has(key))
        this.#ledger.complain(`${verb} of ${key} did nothing, and nobody had removed it`);
      return;
    }
    if (Number(source) !== meant) this.#ledger.complain(`${verb} of message ${seq}, UID ${meant}, took UID ${source}`);
    this.#ledger.create(to, Number(target), token, above);
    this.#ledger.unknown.delete(`${to} ${token}`);
    if (this.#ledger.mayBeDeleted.has(key)) {
      this.#ledger.mayBeDeleted.add(`${to} ${target}`);
      this.#ledger.mayBeGone.add(`${to} ${target}`);
    }
    if (verb === 'COPY') return;
    if (this.#ledger.moved.has(key)) this.#ledger.complain(`${key} was moved twice`);
    this.#ledger.moved.add(key);
  }

  /** Marks a message, more of them when the folder is crowded: some later EXPUNGE takes them. */
  async #delete(): Promise<void> {
    const uids = this.#view.uids.slice(0, this.#view.size > CROWDED ? 20 : 1);
    for (const uid of uids) {
      this.#ledger.mayBeDeleted.add(`${this.#folder} ${uid}`);
      this.#ledger.mayBeGone.add(`${this.#folder} ${uid}`);
    }
    if (uids.length > 0) await this.#say(`UID STORE ${uids.join(',')} +FLAGS (\\Deleted)`);
  }
}

/** When all is quiet: is everything there that must be, nothing that must not, and do two sessions see the same? */
export async function settle(address: string, account: string, ledger: StressLedger): Promise<number> {
  const seen = new Set<string>();
  const look = async (folder: FolderName, guest: boolean): Promise<Map<number, string>> => {
    await using imap = await ImapClient.connect(address);
    await imap.login(guest ? GUEST : account, 'pass');
    const found = new Map<number, string>();
    for await (const { uid, flags, raw } of imap.messages(guest ? `~${account}/${folder}` : folder)) {
      if (found.has(uid)) ledger.complain(`${folder} has UID ${uid} twice`);
      found.set(
        uid,
        `${/^Subject: (\S+)/.exec(raw.toString('latin1'))?.[1]} (${flags.split(' ').toSorted().join(' ')})`,
      );
    }
    await imap.logout();
    return found;
  };
  for (const folder of FOLDERS) {
    const [one, other] = await Promise.all([look(folder, false), look(folder, true)]);
    if (JSON.stringify([...one]) !== JSON.stringify([...other]))
      ledger.complain(`two sessions see different things in ${folder}`);
    for (const [uid, told] of one) {
      const key = `${folder} ${uid}`;
      const [token = ''] = told.split(' ');
      seen.add(key);
      const wanted = ledger.created.get(key);
      if (wanted === undefined) {
        // Asked for, and the connection was lost before the answer: from now on it is known.
        if (ledger.unknown.has(`${folder} ${token}`)) {
          ledger.create(folder, uid, token, 0);
          // Whatever it is a copy of may have been marked.
          ledger.mayBeDeleted.add(key);
          ledger.mayBeGone.add(key);
        } else ledger.complain(`${key} is there, and nobody made it`);
      } else if (wanted !== token) ledger.complain(`${key} was ${wanted} and is ${token}`);
      if (ledger.moved.has(key)) ledger.complain(`${key} is there, and was moved away`);
      if (ledger.replaced.has(key)) ledger.complain(`${key} is there, and was replaced`);
    }
  }
  for (const [key, token] of ledger.created)
    if (!seen.has(key) && !ledger.mayBeGone.has(key)) ledger.complain(`${key} (${token}) is lost`);
  return seen.size;
}
