/**
 * A user who keeps changing one account over IMAP, and knows what was acknowledged: messages are appended, flagged, moved,
 * expunged, and their folder renamed. What is under way when the service dies may have happened or not, wholly; all
 * else must be as it was acknowledged. UIDs once seen never mean another message, and UIDNEXT never falls.
 */
import { ImapClient, quoted } from '../client/imap.ts';

interface Message {
  readonly token: string;
  readonly folder: Place;
  readonly uid: number;
  readonly flagged: boolean;
}

/** INBOX, or the one other folder, whatever it is called at the moment. */
type Place = 'inbox' | 'other';

interface State {
  readonly messages: ReadonlyMap<string, Message>;
  readonly other: string;
}

const NAMES = ['Kept', 'Renamed'] as const;

export class MailboxUser {
  readonly account: string;
  /** Acknowledged changes. */
  acked = 0;
  readonly problems: string[] = [];
  #state: State = { messages: new Map(), other: '' };
  /** How it is if what is under way has happened. */
  #next: State | undefined;
  /** `validity/uid` → token, for ever. */
  readonly #uids = new Map<string, string>();
  readonly #validity = new Map<Place, number>();
  readonly #uidNext = new Map<Place, number>();
  #tokens = 0;
  #random: () => number;

  constructor(account: string, random: () => number) {
    this.account = account;
    this.#random = random;
  }

  /** Changes things until the signal, or until the service is gone. */
  async work(address: string, signal: AbortSignal): Promise<void> {
    try {
      await using imap = await this.#signIn(address);
      while (!signal.aborted) await this.#change(imap);
    } catch {
      // The service died, as it should; `check` tells what became of it.
    }
  }

  /** Compares what is there with what was acknowledged. */
  async check(address: string): Promise<void> {
    await using imap = await this.#signIn(address);
    const found = await this.#read(imap);
    const allowed = this.#next ? [this.#state, this.#next] : [this.#state];
    const reasons = allowed.map((state) => difference(state, found));
    if (!reasons.includes(undefined)) this.problems.push(`${this.account}: ${reasons.join('; or if it happened: ')}`);
    this.#state = found;
    this.#next = undefined;
  }

  async #signIn(address: string): Promise<ImapClient> {
    const imap = await ImapClient.connect(address);
    await imap.login(this.account, 'pass');
    if (this.#state.other === '') {
      const [name] = NAMES;
      this.#state = { ...this.#state, other: name };
      this.#next = undefined;
      await imap.command(`CREATE ${name}`);
    }
    return imap;
  }

  async #change(imap: ImapClient): Promise<void> {
    const dice = this.#random();
    const any = [...this.#state.messages.values()];
    const message = any[Math.floor(this.#random() * any.length)];
    if (!message || dice < 0.35) return this.#append(imap);
    if (dice < 0.6) return this.#flag(imap, message);
    if (dice < 0.8) return this.#move(imap, message);
    if (dice < 0.93) return any.length > 20 ? this.#expunge(imap, message) : undefined;
    return this.#rename(imap);
  }

  async #append(imap: ImapClient): Promise<void> {
    const token = `t${++this.#tokens}`;
    const raw = Buffer.from(
      `Message-ID: <${token}@${this.account}>\r\nX-Token: ${token}\r\n\r\n${'x'.repeat(2000)}\r\n`,
    );
    const message: Message = { token, folder: 'inbox', uid: 0, flagged: false };
    this.#begin({ ...this.#state, messages: new Map(this.#state.messages).set(token, message) });
    const { text } = await imap.ok('APPEND INBOX ', raw);
    const uid = Number(/APPENDUID \d+ (\d+)/.exec(text)?.[1]);
    this.#done({ ...this.#state, messages: new Map(this.#state.messages).set(token, { ...message, uid }) });
  }

  async #flag(imap: ImapClient, message: Message): Promise<void> {
    await this.#select(imap, message.folder);
    const next = { ...message, flagged: !message.flagged };
    const state = { ...this.#state, messages: new Map(this.#state.messages).set(message.token, next) };
    this.#begin(state);
    await imap.ok(`UID STORE ${message.uid} ${next.flagged ? '+' : '-'}FLAGS (\\Flagged)`);
    this.#done(state);
  }

  async #move(imap: ImapClient, message: Message): Promise<void> {
    await this.#select(imap, message.folder);
    const folder: Place = message.folder === 'inbox' ? 'other' : 'inbox';
    const moved = (uid: number): State => ({
      ...this.#state,
      messages: new Map(this.#state.messages).set(message.token, { ...message, folder, uid }),
    });
    this.#begin(moved(0));
    const { untagged } = await imap.ok(`UID MOVE ${message.uid} ${quoted(this.#nameOf(folder))}`);
    const uid = untagged.map(({ text }) => /COPYUID \d+ \d+ (\d+)/.exec(text)?.[1]).find(Boolean);
    this.#done(moved(Number(uid)));
  }

  async #expunge(imap: ImapClient, message: Message): Promise<void> {
    await this.#select(imap, message.folder);
    await imap.ok(`UID STORE ${message.uid} +FLAGS (\\Deleted)`);
    const messages = new Map(this.#state.messages);
    messages.delete(message.token);
    const state = { ...this.#state, messages };
    this.#begin(state);
    await imap.ok(`UID EXPUNGE ${message.uid}`);
    this.#done(state);
  }

  async #rename(imap: ImapClient): Promise<void> {
    const other = NAMES.find((name) => name !== this.#state.other) as string;
    await imap.ok('SELECT INBOX');
    const state = { ...this.#state, other };
    this.#begin(state);
    await imap.ok(`RENAME ${quoted(this.#state.other)} ${quoted(other)}`);
    this.#done(state);
  }

  #begin(next: State): void {
    this.#next = next;
  }

  #done(state: State): void {
    this.#state = state;
    this.#next = undefined;
    this.acked++;
  }

  #nameOf(folder: Place): string {
    return folder === 'inbox' ? 'INBOX' : this.#state.other;
  }

  async #select(imap: ImapClient, folder: Place): Promise<void> {
    await imap.ok(`SELECT ${quoted(this.#nameOf(folder))}`);
  }

  async #read(imap: ImapClient): Promise<State> {
    const folders = await imap.folders();
    const others = NAMES.filter((name) => folders.includes(name));
    if (others.length > 1) this.problems.push(`${this.account}: the folder has both names after RENAME`);
    const other = others[0] ?? '';
    const messages = new Map<string, Message>();
    for (const place of ['inbox', 'other'] as const) {
      const name = place === 'inbox' ? 'INBOX' : other;
      if (name === '') continue;
      const validity = await this.#numbers(imap, place, name);
      for await (const { uid, flags, raw } of imap.messages(name)) {
        const token = /^X-Token: (\S+)\r$/m.exec(raw.toString('latin1', 0, 500))?.[1] ?? 'nobody knows it';
        if (messages.has(token)) this.problems.push(`${this.account}: ${token} is there twice`);
        if (raw.length < 2000) this.problems.push(`${this.account}: ${token} has lost its body`);
        messages.set(token, { token, folder: place, uid, flagged: flags.includes('\\Flagged') });
        const key = `${validity}/${uid}`;
        const before = this.#uids.get(key);
        if (before !== undefined && before !== token)
          this.problems.push(`${this.account}: UID ${key} was ${before} and is ${token}`);
        this.#uids.set(key, token);
      }
    }
    return { messages, other };
  }

  async #numbers(imap: ImapClient, place: Place, name: string): Promise<number> {
    const { untagged } = await imap.ok(`STATUS ${quoted(name)} (UIDVALIDITY UIDNEXT)`);
    const text = untagged.map((line) => line.text).join('\n');
    const validity = Number(/UIDVALIDITY (\d+)/.exec(text)?.[1]);
    const next = Number(/UIDNEXT (\d+)/.exec(text)?.[1]);
    const known = this.#validity.get(place);
    if (known !== undefined && known !== validity)
      this.problems.push(`${this.account} ${name}: UIDVALIDITY was ${known} and is ${validity}`);
    const expected = this.#uidNext.get(place) ?? 0;
    if (next < expected) this.problems.push(`${this.account} ${name}: UIDNEXT fell from ${expected} to ${next}`);
    this.#validity.set(place, validity);
    this.#uidNext.set(place, next);
    return validity;
  }
}

/** UID 0: not known, because the answer that named it was never read. */
function difference(expected: State, found: State): string | undefined {
  // Before the first CREATE was acknowledged there may be no folder yet.
  if (expected.other !== found.other && found.messages.size + expected.messages.size > 0)
    return `the folder should be called ${expected.other} and is called ${found.other}`;
  for (const [token, message] of expected.messages) {
    const there = found.messages.get(token);
    if (!there) return `${token} is gone`;
    if (there.folder !== message.folder) return `${token} should be in ${message.folder} and is in ${there.folder}`;
    if (there.flagged !== message.flagged) return `${token} should ${message.flagged ? '' : 'not '}be flagged`;
    if (message.uid !== 0 && there.uid !== message.uid)
      return `${token} should have UID ${message.uid} and has ${there.uid}`;
  }
  for (const token of found.messages.keys()) if (!expected.messages.has(token)) return `${token} came from nowhere`;
  return undefined;
}
