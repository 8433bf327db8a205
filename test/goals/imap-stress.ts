/**
 * Several sessions that do whatever they like with one account, all at once: its owner's, and those of a guest with whom its folders are
 * shared; half of them with QRESYNC. What each is told is held against what a
 * session may be told (`imap-view.ts`), what was acknowledged against what is there in the end.
 */
import { SeededRandom } from '../corpus/random.ts';
import { ImapClient, type ImapResponse } from '../client/imap.ts';
import { checkResynced, type Kept, kept, resynced } from './imap-resync.ts';
import { FolderView } from './imap-view.ts';

const FOLDERS = ['INBOX', 'Archive', 'Trash'] as const;
type FolderName = (typeof FOLDERS)[number];
/** So many messages in a folder, and some are thrown away. */
const CROWDED = 60;

/** Every copy of a message that was acknowledged, and what may have become of it. */
export class StressLedger {
  /** Folder and UID → the token in its Subject. */
  readonly created = new Map<string, string>();
  /** May carry \Deleted, and so may every copy of them. */
  readonly mayBeDeleted = new Set<string>();
  /** May be gone: somebody marked or moved it, and nobody must have seen that yet. */
  readonly mayBeGone = new Set<string>();
  /** Must be gone: a MOVE said so. */
  readonly moved = new Set<string>();
  /** What a session had asked for when it lost its connection: it may have come to be. */
  readonly unknown = new Set<string>();
  readonly highest = new Map<string, number>();
  readonly complaints: string[] = [];
  commands = 0;

  complain(what: string): void {
    if (this.complaints.length < 100) this.complaints.push(what);
  }

  create(folder: FolderName, uid: number, token: string, above: number): void {
    const key = `${folder} ${uid}`;
    if (this.created.has(key)) this.complain(`UID ${uid} of ${folder} was given twice`);
    if (uid <= above) this.complain(`UID ${uid} of ${folder} is not above ${above}, which was acknowledged before`);
    this.created.set(key, token);
    this.highest.set(folder, Math.max(uid, this.highest.get(folder) ?? 0));
  }
}

const GUEST = 'guest@mail.test';

/** The guest may do in the folders whatever the sessions do. */
export async function share(address: string, account: string): Promise<void> {
  await using guest = await ImapClient.connect(address);
  await guest.login(GUEST, 'pass');
  await using owner = await ImapClient.connect(address);
  await owner.login(account, 'pass');
  for (const folder of FOLDERS) await owner.ok(`SETACL ${folder} ${GUEST} lrswite`);
}

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

  /** Runs a command; answers its tagged line, and what was untagged. */
  async #say(command: string, done?: string): Promise<{ tagged: string; untagged: readonly ImapResponse[] }> {
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
      } else {
        this.#view.hear(text, command);
        untagged.push(response);
      }
    }
  }

  /** As this session names it. */
  #path(folder: FolderName): string {
    return this.#guest ? `~${this.#options.account}/${folder}` : folder;
  }

  async #select(folder: FolderName): Promise<void> {
    if (this.#qresync && this.#selected) this.#kept.set(this.#folder, kept(this.#selected, this.#view));
    const before = this.#kept.get(folder);
    this.#view = this.#newView();
    this.#folder = folder;
    const key = `${folder} HIGHESTMODSEQ`;
    const floor = this.#ledger.highest.get(key) ?? 0;
    const how = before === undefined ? 'CONDSTORE' : `QRESYNC (${before.uidValidity} ${before.modseq})`;
    const { untagged } = await this.#say(`SELECT ${this.#path(folder)} (${how})`);
    const told = untagged.map(({ text }) => text).join('\n');
    const modseq = Number(/HIGHESTMODSEQ (\d+)/.exec(told)?.[1] ?? 0);
    if (modseq < floor) this.#ledger.complain(`HIGHESTMODSEQ of ${folder} fell to ${modseq}`);
    this.#ledger.highest.set(key, Math.max(modseq, this.#ledger.highest.get(key) ?? 0));
    this.#selected = { uidValidity: Number(/UIDVALIDITY (\d+)/.exec(told)?.[1]), modseq };
    const complain = (what: string): void => this.#ledger.complain(`${this.#name} in ${folder}: ${what}`);
    const has = before?.uidValidity === this.#selected.uidValidity ? resynced(before, untagged, complain) : undefined;
    if (this.#view.size === 0) return;
    const all = await this.#say('FETCH 1:* (UID FLAGS MODSEQ)');
    if (has) checkResynced(has, modseq, all.untagged, complain);
  }

  async #step(): Promise<void> {
    const { size } = this.#view;
    const dice = this.#random.int(0, 99);
    if (size === 0 || dice < 15) return await this.#append(this.#random.pick(FOLDERS));
    if (dice < 20) return await this.#select(this.#random.pick(FOLDERS));
    if (dice < 32) return void (await this.#say(`FETCH ${this.#range()} (UID FLAGS MODSEQ)`));
    if (dice < 38)
      return void (await this.#say(`UID FETCH ${this.#someUid()} (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])`));
    if (dice < 50) return void (await this.#say(`STORE ${this.#range()} ${this.#change()}`));
    if (dice < 55) return void (await this.#say(`UID STORE ${this.#someUid()} ${this.#change()}`));
    if (dice < 62) return await this.#copy('COPY');
    if (dice < 70) return await this.#copy('MOVE');
    if (dice < 76) return await this.#delete();
    if (dice < 84) return void (await this.#say('EXPUNGE'));
    if (dice < 90)
      return void (await this.#say(this.#random.pick(['SEARCH UNSEEN', 'SEARCH DELETED', 'UID SEARCH ALL'])));
    if (dice < 95) return void (await this.#say('IDLE', 'DONE\r\n'));
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

  async #append(folder: FolderName): Promise<void> {
    const token = `${this.#name}n${++this.#appended}`;
    const message = `Subject: ${token}\r\n\r\n${token}\r\n`;
    const above = this.#ledger.highest.get(folder) ?? 0;
    this.#ledger.unknown.add(`${folder} ${token}`);
    const { tagged } = await this.#say(`APPEND ${this.#path(folder)} {${message.length}+}\r\n${message}`);
    this.#ledger.unknown.delete(`${folder} ${token}`);
    const uid = Number(/\[APPENDUID \d+ (\d+)\]/.exec(tagged)?.[1] ?? 0);
    this.#ledger.create(folder, uid, token, above);
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
    }
  }
  for (const [key, token] of ledger.created)
    if (!seen.has(key) && !ledger.mayBeGone.has(key)) ledger.complain(`${key} (${token}) is lost`);
  return seen.size;
}
