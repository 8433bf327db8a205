/** One IMAP connection: reads commands, runs them in order, and tells the client what others change meanwhile. */
import { heldAccount } from '../../downmail/held-account.ts';
import type { HeldMail } from '../../downmail/pick-up.ts';
import { EventNoting } from '../../intake/sieve/events.ts';
import type { Principal, MailAccount, Uid, VersionChanges } from '../../mailstore/api.ts';
import { MailError } from '../../mail/error.ts';
import type { Connection } from '../../net/connection.ts';
import { ConnectionError } from '../../net/error.ts';
import { capabilityWords } from './capability.ts';
import type { AnyCommand, CapabilityFacts, State } from './command.ts';
import { afterLogin, beforeLogin, type ImapLimits } from './limits.ts';
import { CommandReader, type Received } from './reader.ts';
import { Notifier } from './notifier.ts';
import { Places } from './places.ts';
import { Refusal, replyTo } from './reply.ts';
import { ALL_EVENTS, type Selected } from './selected.ts';
import { withLimitCode } from './message-limit.ts';
import type { ImapServices } from './server.ts';
import { type SharedBySessions, sharedBy } from './shared.ts';
import { type Decoder, malformed } from './wire/decoder.ts';
import type { NotifyRequest } from './wire/notify.ts';
import { Output } from './wire/output.ts';

/** A client that says nothing for so long is gone (RFC 3501 §5.4 asks for at least 30 minutes). */
const BEFORE_LOGIN_MS = 60_000;
const AFTER_LOGIN_MS = 31 * 60_000;

/** Signed in, a client may make so many times more errors: its sessions last for days. */
const PATIENCE = 5;

export class Session {
  readonly connection: Connection;
  readonly services: ImapServices;
  readonly out: Output;
  readonly #shared: SharedBySessions;
  /** Extensions that the client switched on (RFC 5161); CONDSTORE also by using it (RFC 7162 §3.1). */
  readonly enabled = new Set<string>();
  /** Of the messages that the command works on, when there were too many for it. */
  lowestUid: Uid | undefined;
  #account: (MailAccount & Disposable) | undefined;
  #places: Places | undefined;
  #who: (Principal & { kind: 'user' }) | undefined;
  #address = '';
  #selected: Selected | undefined;
  #limits: ImapLimits = beforeLogin;
  /** Of the account's connections. */
  #place: Disposable | undefined;
  #errors = 0;
  #over = false;
  readonly #reader = new CommandReader(this);
  #idle = false;
  /** That messages are gone is told while it idles. */
  #idleExpunges = true;
  #notifier: Notifier | undefined;
  /** Under way while a session that idles is told its news. */
  #telling: Promise<void> | undefined;
  #moreNews = false;

  /** Milliseconds since 1970. */
  now(): number {
    return this.services.clock.now();
  }

  constructor(connection: Connection, services: ImapServices) {
    this.connection = connection;
    this.#shared = sharedBy(services);
    this.services = services;
    this.out = new Output(connection);
    connection.commandTimeoutMs = BEFORE_LOGIN_MS;
    connection.lineLimit = this.#limits.line;
  }

  get state(): State {
    if (this.#account === undefined) return 'not-authenticated';
    return this.#selected === undefined ? 'authenticated' : 'selected';
  }

  /** The account that is signed in; commands of the states before never ask. */
  get account(): MailAccount {
    if (this.#account === undefined) throw new MailError('bug', 'bug', 'No account is signed in');
    return this.#account;
  }

  /** Where mailbox names lead. */
  get places(): Places {
    if (this.#places === undefined) throw new MailError('bug', 'bug', 'No account is signed in');
    return this.#places;
  }

  /** Who is signed in with an account; `not-allowed` where only a mail is picked up. */
  get user(): Principal & { kind: 'user' } {
    if (this.#who === undefined) throw new MailError('not-allowed', 'user', 'That needs an account');
    return this.#who;
  }

  get selected(): Selected {
    if (this.#selected === undefined) throw new MailError('bug', 'bug', 'No folder is selected');
    return this.#selected;
  }

  get limits(): ImapLimits {
    return this.#limits;
  }

  get facts(): CapabilityFacts {
    const { connection, services } = this;
    return {
      signedIn: this.#account !== undefined,
      secure: connection.secure,
      canStartTls: !connection.secure && services.tls !== undefined,
      channel: connection,
      mayLogin: connection.secure || services.plaintextLogin(connection.remoteAddress),
      messageSize: services.messageSize,
      messageLimit: services.messageLimit,
      manageSieve: services.manageSieve?.(),
    };
  }

  /** Runs until the client leaves. */
  async run(): Promise<void> {
    try {
      this.out.line(`* OK [CAPABILITY ${capabilityWords(this.facts)}] Pabal ready`);
      while (!this.#over) await this.#next();
    } finally {
      this.out.flush();
      this.unselect();
      this.#notifier?.[Symbol.dispose]();
      this.#places?.[Symbol.dispose]();
      this.#account?.[Symbol.dispose]();
      this.#place?.[Symbol.dispose]();
    }
  }

  /** Switches an extension on. */
  enable(extension: string): void {
    this.enabled.add(extension);
    // It needs mod-sequences (RFC 7162 §3.2.3).
    if (extension === 'QRESYNC') this.enabled.add('CONDSTORE');
    this.out.utf8 = this.utf8;
    this.out.uidOnly = this.uidOnly;
  }

  /** The client speaks IMAP4rev2 (RFC 9051). */
  get rev2(): boolean {
    return this.enabled.has('IMAP4REV2');
  }

  /** Mailbox names are UTF-8. */
  get utf8(): boolean {
    return this.rev2 || this.enabled.has('UTF8=ACCEPT');
  }

  /** Messages have no numbers (RFC 9586). */
  get uidOnly(): boolean {
    return this.enabled.has('UIDONLY');
  }

  /** The reply that is being written is the last. */
  end(): void {
    this.#over = true;
  }

  /** After the tagged reply no state of before TLS is left (RFC 3501 §6.2.1). */
  async startTls(tag: string): Promise<void> {
    const { tls } = this.services;
    if (tls === undefined) throw new MailError('bug', 'bug', 'STARTTLS without a certificate');
    this.out.flush();
    await this.connection.startTls(tls, `${tag} OK Begin TLS negotiation now\r\n`);
    this.#errors = 0;
  }

  /** After the tagged reply both directions are compressed (RFC 4978). */
  compress(reply: string): void {
    this.out.line(reply);
    this.out.flush();
    this.connection.startCompression();
  }

  /** A password was right: from here on the session is that account's, or what `shown` makes of it. */
  async signIn(
    who: Principal & { kind: 'user' },
    shown?: (account: MailAccount & Disposable) => Promise<MailAccount & Disposable>,
  ): Promise<void> {
    const { connections } = this.services;
    this.#place?.[Symbol.dispose]();
    this.#place = connections?.enter(who.account, this.connection.remoteAddress);
    if (connections !== undefined && this.#place === undefined)
      throw new Refusal('NO', '[LIMIT] The account has too many connections: close some');
    this.services.access?.hold(who, this.connection);
    if (shown !== undefined)
      return this.#signedIn(await shown(await this.services.store.open(who, who.account)), who.address);
    this.#who = who;
    const noting = new EventNoting(who.address, () => this.now());
    this.#signedIn(await this.services.store.open(who, who.account, { noting }), who.address);
  }

  /** The user id and the password of a notification were right: the session has one mail. */
  async signInToHeld(mail: HeldMail): Promise<void> {
    this.#signedIn(await heldAccount(mail), mail.userId);
  }

  #signedIn(account: MailAccount & Disposable, address: string): void {
    this.#account = account;
    this.#places = new Places(account, this.services, this.#who);
    this.#address = address;
    this.#limits = afterLogin;
    this.#errors = 0;
    this.connection.trusted = true;
    this.connection.lineLimit = afterLogin.line;
    this.connection.commandTimeoutMs = AFTER_LOGIN_MS;
  }

  /** Of who is signed in; '' before. */
  get address(): string {
    return this.#address;
  }

  /** Catches up with what was acknowledged elsewhere, in the own account and in that of the selected folder. */
  async refresh(): Promise<void> {
    await this.account.refresh();
    if (this.#selected !== undefined && this.#selected.account !== this.account) await this.#selected.account.refresh();
  }

  select(selected: Selected): void {
    this.unselect();
    this.#selected = selected;
    selected.listen((changes) => this.#noted(changes));
  }

  unselect(): void {
    this.#selected?.[Symbol.dispose]();
    this.#selected = undefined;
  }

  /** NOTIFY: from now on the client hears of this and of nothing else. */
  async notify(request: NotifyRequest): Promise<void> {
    this.#notifier?.[Symbol.dispose]();
    this.#notifier = await Notifier.begin(this, request, () => this.#wake());
  }

  /** What the client says next; with NOTIFY it hears what happens until then. */
  async listening(read: () => Buffer | Promise<Buffer>): Promise<Buffer> {
    const line = read();
    if (this.#notifier === undefined || !(line instanceof Promise)) return line;
    await using _listening = this.idle(this.#notifier.selected.immediate);
    return await line;
  }

  /** Tells the client whatever changes, as it happens, until it is disposed of (IDLE). */
  idle(expunges = true): AsyncDisposable {
    this.#idle = true;
    this.#idleExpunges = expunges;
    this.#tellWhileIdle();
    this.#shared.keepAlive.add(this);
    return {
      [Symbol.asyncDispose]: async () => {
        this.#idle = false;
        this.#shared.keepAlive.remove(this);
        await this.#telling;
      },
    };
  }

  /** In IDLE, when nothing was said for a while. */
  keepAlive(): void {
    // Whoever is being told something hears from us anyway.
    if (!this.#idle || this.#telling !== undefined) return;
    this.out.line('* OK Still here');
    this.out.flush();
  }

  #noted(changes: VersionChanges): void {
    if (this.#selected?.tracker.note(changes) === true) this.#wake();
  }

  /** There is something to tell. */
  #wake(): void {
    if (!this.#idle) return;
    if (this.#telling === undefined) this.#tellWhileIdle();
    else this.#moreNews = true;
  }

  /** One at a time: what comes while a slow reader is told is told together afterwards. */
  #tellWhileIdle(): void {
    const tell = async (): Promise<void> => {
      try {
        do {
          this.#moreNews = false;
          await this.connection.flushed();
          await this.#tell(this.#idleExpunges);
          this.out.flush();
        } while (this.#moreNews && !this.#over);
        if (this.#over) this.connection.close(true);
      } catch (error) {
        // What waits for DONE hears that the connection is over.
        if (!(error instanceof ConnectionError))
          this.connection.log.error({ err: error }, 'IDLE could not tell its news');
        this.connection.destroy();
      } finally {
        this.#telling = undefined;
      }
    };
    this.#telling = tell();
  }

  /** Tells what others changed in the selected folder, and elsewhere what NOTIFY asked for. */
  async #tell(expunges: boolean, after?: AnyCommand): Promise<void> {
    await this.#notifier?.tell();
    const selected = this.#selected;
    const events = this.#notifier?.selected ?? ALL_EVENTS;
    if (selected === undefined || (selected.readable && !events.messages && after?.removes !== true)) return;
    if (await selected.tell(this, expunges, events)) return;
    this.out.line('* BYE The selected mailbox is not there any more');
    this.#over = true;
  }

  // --- running commands ---------------------------------------------------------------------------------------------

  async #next(): Promise<void> {
    let received: Received;
    try {
      received = await this.#reader.next();
    } catch (error) {
      if (error instanceof ConnectionError && error.fault !== 'bare-newline') throw error;
      this.#shared.commands.end(this.#reader.name, this.#shared.commands.begin(), true);
      await this.#refuse(error instanceof ConnectionError ? malformed('lines end with CRLF') : error);
      return;
    }
    await this.#perform(received);
  }

  async #perform({ tag, command, args }: Received): Promise<void> {
    const { commands } = this.#shared;
    const began = commands.begin();
    this.lowestUid = undefined;
    try {
      // Who lost the right to read hears nothing more, also not the answer to a question that was on its way.
      if (this.#selected?.readable === false && !command.states.includes('authenticated'))
        throw new MailError('folder-missing', 'user', 'The selected mailbox is not there any more');
      const text = await this.#runs(command, args);
      if (!this.#over) await this.#tell(command.keepsNumbers !== true, command);
      if (text !== '') this.out.line(`${tag} OK ${withLimitCode(this, text)}`);
      commands.end(command.name, began, false);
    } catch (error) {
      if (error instanceof ConnectionError) throw error;
      commands.end(command.name, began, true);
      if (!this.#over) await this.#tell(command.keepsNumbers !== true, command);
      await this.#refuse(error);
    }
    await this.#reader.skipRest();
  }

  async #runs(command: AnyCommand, args: unknown): Promise<string> {
    if (command.searches !== true || this.#who === undefined) return command.run(args, this);
    // It may have to wait.
    this.out.flush();
    return this.services.store.searching(this.#who.account, async () => command.run(args, this));
  }

  /** NO or BAD. Who only sends what nobody understands, or guesses passwords, waits longer and longer, and is sent away. */
  async #refuse(error: unknown): Promise<void> {
    const { text, ours } = replyTo(error);
    if (ours) this.connection.log.error({ err: error, address: this.address }, 'an IMAP command failed');
    const counts = text.startsWith('BAD') || text.startsWith('NO [AUTHENTICATIONFAILED]');
    if (counts) {
      this.#errors++;
      const wait = this.services.errorDelay?.before(this.#errors, this.connection);
      if (wait !== undefined) {
        this.out.flush();
        await wait;
      }
    }
    this.out.line(`${this.#reader.tag} ${text}`);
    if (!counts) return;
    const most = this.services.errors * (this.#account === undefined ? 1 : PATIENCE);
    if (!this.#reader.stranger && this.#errors < most) return;
    this.out.line('* BYE Too many commands that are no use');
    this.#over = true;
  }

  // --- for commands that talk with the client -------------------------------------------------------------------------

  get tag(): string {
    return this.#reader.tag;
  }

  /** One line from the client in answer to a continuation request. */
  async line(prompt: string): Promise<Buffer> {
    this.out.line(`+ ${prompt}`);
    this.out.flush();
    return this.connection.readLine();
  }

  /** The literal up to which the command was read, as it arrives: see `CommandReader.literal`. */
  literal(): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#reader.literal();
  }

  /** What follows a literal that was read to its end: see `CommandReader.following`. */
  following(): Promise<Decoder> {
    return this.#reader.following();
  }
}
