/** One POP3 session (RFC 1939), on a connection of `net/`. */
import type { Directory } from '../../directory/api.ts';
import type { OpenAccess } from '../../directory/open-access.ts';
import { bearerOutcome } from '../../directory/oauth/bearer.ts';
import { GONE, PAGE_ONLY } from '../../downmail/gone.ts';
import { type Opened, PickUp } from '../../downmail/pick-up.ts';
import { SenderSignIn } from '../../downmail/sender-sign-in.ts';
import type { MailStore, Principal } from '../../mailstore/api.ts';
import { MailError } from '../../mail/error.ts';
import { isLoopback } from '../../net/address.ts';
import type { AccountConnections } from '../../net/account-connections.ts';
import type { Connection } from '../../net/connection.ts';
import type { ErrorDelay } from '../../net/error-delay.ts';
import { SASL_LINE_LIMIT, type SaslChannel } from '../../net/sasl.ts';
import type { BearerOutcome } from '../../net/sasl-bearer.ts';
import { mappedOffer, type ScramOffer } from '../../net/scram.ts';
import { speaksAnother } from '../../net/strangers.ts';
import type { TlsIdentity } from '../../net/tls.ts';
import type { CommandMetrics } from '../../telemetry/command-metrics.ts';
import type { AnyCommand, State } from './command.ts';
import { COMMANDS } from './commands/registry.ts';
import { HeldDrop } from './held-drop.ts';
import { inLanguage, type Language } from './languages.ts';
import { Maildrop } from './maildrop.ts';
import type { Drop, MaildropLocks } from './maildrop.ts';
import { errorReply, withFault } from './reply.ts';
import { WaitingDrop } from './waiting-drop.ts';
import { parseCommandLine } from './wire/command-line.ts';
import { DotStuffing } from './wire/multiline.ts';

export interface SessionServices {
  readonly mailstore: MailStore;
  readonly directory: Directory;
  readonly locks: MaildropLocks;
  /** For STLS; undefined when there is no certificate. */
  readonly tls: TlsIdentity | undefined;
  /** Where passwords may cross a connection that is not encrypted. */
  readonly allowPlaintextLogin: 'never' | 'loopback' | 'always';
  /** Errors before the connection ends. */
  readonly errors: number;
  /** Absent: answers to errors do not wait. */
  readonly errorDelay?: ErrorDelay;
  /** Absent: who signed in stays. */
  readonly access?: OpenAccess;
  /** Absent: an account may have any number. */
  readonly connections?: AccountConnections;
  readonly commands: CommandMetrics;
  /** For who signs in with the user id of a notification; absent: nothing is kept here for others to fetch. */
  readonly pickUp?: Pick<PickUp, 'open' | 'scram'>;
  /** For who signs in to his sender mailbox; absent: nobody has one. */
  readonly senderSignIn?: Pick<SenderSignIn, 'authenticate' | 'scram'>;
}

/** Before sign-in, and after (RFC 1939 §3: at least ten minutes). */
export const AUTHORIZATION_TIMEOUT_MS = 60_000;
const TRANSACTION_TIMEOUT_MS = 600_000;
/** Bytes of a command line: RFC 2449 §4 asks for 255, long passwords for more. */
export const COMMAND_LINE_LIMIT = 2_048;
/** What holds for the whole protocol and belongs to no command (RFC 2449 §6, RFC 3206). */
const GENERAL_CAPABILITIES = ['PIPELINING', 'RESP-CODES', 'AUTH-RESP-CODE', 'IMPLEMENTATION Pabal'];
const MAX_FAILED_SIGN_INS = 5;

export class Session {
  readonly #connection: Connection;
  readonly #services: SessionServices;
  #state: State = 'authorization';
  #maildrop: Drop | undefined;
  #lock: Disposable | undefined;
  #ended = false;
  /** Of the account's connections. */
  #place: Disposable | undefined;
  #failedSignIns = 0;
  #errors = 0;
  /** The command that runs. */
  #refused = false;
  /** Of the words in replies. */
  language: Language = 'en';
  /** The client said UTF8. */
  utf8 = false;
  /** What USER said. */
  userName: string | undefined;

  constructor(connection: Connection, services: SessionServices) {
    this.#connection = connection;
    this.#services = services;
  }

  /** Greeting to good-bye. */
  async run(): Promise<void> {
    try {
      this.ok('Pabal POP3 at your service');
      while (!this.#ended) await this.#command(await this.#connection.readLine());
    } finally {
      this.#leave();
    }
  }

  /** What CAPA lists at this moment. */
  get capabilities(): readonly string[] {
    return [...COMMANDS.values()].flatMap((c) => c.capabilities(this)).concat(GENERAL_CAPABILITIES, this.#expire);
  }

  /** How long mail stays that is left here (RFC 2449 §6.7); before sign-in the shortest that anybody may meet. */
  get #expire(): string {
    if (this.#maildrop !== undefined) return `EXPIRE ${this.#maildrop.keeps}`;
    return this.#services.pickUp === undefined ? 'EXPIRE NEVER' : 'EXPIRE 0 USER';
  }

  get maySendPassword(): boolean {
    const { allowPlaintextLogin } = this.#services;
    if (this.#connection.secure || allowPlaintextLogin === 'always') return true;
    return allowPlaintextLogin === 'loopback' && isLoopback(this.#connection.remoteAddress);
  }

  get mayStartTls(): boolean {
    return !this.#connection.secure && this.#services.tls !== undefined;
  }

  /** In the transaction state. */
  get maildrop(): Drop {
    if (this.#maildrop === undefined) throw new MailError('bug', 'bug', 'no maildrop before sign-in');
    return this.#maildrop;
  }

  // --- replies ------------------------------------------------------------------------------------------------------

  /** `first`: what programs read, before the words. */
  ok(text: string, first?: string): void {
    this.write(`+OK ${first === undefined ? '' : `${first} `}${inLanguage(text, this.language)}\r\n`);
  }

  error(text: string): void {
    this.#refused = true;
    this.write(`-ERR ${inLanguage(text, this.language)}\r\n`);
  }

  write(data: string | Uint8Array): void {
    this.#connection.write(data);
  }

  /** Writes, and waits while the client does not keep up. */
  async send(data: string | Uint8Array): Promise<void> {
    this.#connection.write(data);
    await this.#connection.flushed();
  }

  /** A message that is in memory as a multi-line response. */
  sendWhole(first: string, message: Uint8Array): void {
    const stuffing = new DotStuffing();
    this.ok(first);
    this.write(stuffing.push(message));
    this.write(stuffing.end());
  }

  /** A message as a multi-line response, piece by piece. */
  async sendMessage(first: string, message: AsyncIterable<Uint8Array>): Promise<void> {
    const stuffing = new DotStuffing();
    let begun = false;
    try {
      for await (const piece of message) {
        // The first piece has been read and verified: now it can be promised.
        if (!begun) this.ok(first);
        begun = true;
        await this.send(stuffing.push(piece));
        if (this.#connection.gone) return;
      }
    } catch (error) {
      if (!begun) throw error;
      // Too late for an error reply. The client must not take what it has for the whole.
      this.#connection.log.error({ err: error }, 'a message could not be sent to its end');
      this.#connection.destroy();
      return;
    }
    if (!begun) this.ok(first);
    this.write(stuffing.end());
  }

  /** Says why not when passwords may not cross this connection. */
  requirePrivacy(): boolean {
    if (!this.maySendPassword) this.error('[AUTH] Sign in over TLS: say STLS first');
    return this.maySendPassword;
  }

  /** Says why not when there is no such message. */
  requireMessage(number: number): boolean {
    const there = this.maildrop.has(number);
    if (!there) this.error(`There is no message ${number}`);
    return there;
  }

  // --- what commands bring about ------------------------------------------------------------------------------------

  /** A SASL challenge and the client's answer. */
  async ask(challenge: string): Promise<Uint8Array> {
    this.write(`+ ${challenge}\r\n`);
    this.#connection.lineLimit = SASL_LINE_LIMIT;
    const line = await this.#connection.readLine();
    this.#connection.lineLimit = COMMAND_LINE_LIMIT;
    return line;
  }

  async startTls(reply: string): Promise<void> {
    const { tls } = this.#services;
    if (tls === undefined) throw new MailError('bug', 'bug', 'STLS without a certificate');
    this.userName = undefined;
    await this.#connection.startTls(tls, `+OK ${inLanguage(reply, this.language)}\r\n`);
    // What was said before it may have been somebody else's words.
    this.language = 'en';
  }

  /** What opens the maildrop that the password is right for, or an error that does not tell why. */
  async byPassword(name: string, password: string): Promise<() => Promise<void>> {
    const { directory, pickUp, senderSignIn } = this.#services;
    if (pickUp !== undefined && PickUp.isUserId(name)) {
      const found = await pickUp.open(name, password, this.#from);
      return async () => this.#openHeld(found);
    }
    if (senderSignIn !== undefined && SenderSignIn.isName(name)) {
      const user = await senderSignIn.authenticate(name, password, this.#from);
      return () => this.#open(user, true);
    }
    const user = await directory.authenticate(name, password, this.#from);
    return () => this.#open(user, false);
  }

  async byScram(name: string): Promise<ScramOffer<() => Promise<void>>> {
    const { directory, pickUp, senderSignIn } = this.#services;
    if (pickUp !== undefined && PickUp.isUserId(name))
      return mappedOffer(pickUp.scram(name, this.#from), (open) => async () => this.#openHeld(await open()));
    if (senderSignIn !== undefined && SenderSignIn.isName(name))
      return mappedOffer(await senderSignIn.scram(name, this.#from), (user) => () => this.#open(user, true));
    return mappedOffer(await directory.scram(name, this.#from), (user) => () => this.#open(user, false));
  }

  byToken(token: string, address: string | undefined): Promise<BearerOutcome<() => Promise<void>>> {
    const { directory } = this.#services;
    const opened = directory.bearer(token, this.#from, address).then((user) => () => this.#open(user, false));
    return bearerOutcome(opened);
  }

  get channel(): SaslChannel {
    return this.#connection;
  }

  get #from() {
    return { protocol: 'pop3', remote: this.#connection.remoteAddress } as const;
  }

  /** `waiting`: the mails that wait for others in the sender mailbox. */
  async #open(user: Principal & { kind: 'user' }, waiting: boolean): Promise<void> {
    const { mailstore, locks, connections } = this.#services;
    try {
      this.#place = connections?.enter(user.account, this.#connection.remoteAddress);
      if (connections !== undefined && this.#place === undefined)
        return this.error('[SYS/TEMP] The account has too many connections: close some');
      const lock = locks.acquire(waiting ? `${user.account} sender mailbox` : user.account);
      if (lock === undefined) {
        this.#leave();
        return this.error('[IN-USE] Another POP3 session has this mailbox');
      }
      this.#lock = lock;
      const account = await mailstore.open(user, user.account);
      try {
        await account.refresh();
        this.#maildrop = waiting ? await WaitingDrop.of(account) : new Maildrop(account);
      } catch (error) {
        account[Symbol.dispose]();
        throw error;
      }
    } catch (error) {
      this.#leave();
      throw error;
    }
    this.#services.access?.hold(user, this.#connection);
    this.#signedIn();
  }

  /** The name is one of a notification: the one mail that it tells of. */
  #openHeld(found: Opened): void {
    if (found.kind === 'gone') return this.error(`[AUTH] ${GONE[found.state]}`);
    if (found.kind === 'confidential') return this.error(`[AUTH] ${PAGE_ONLY}`);
    const lock = this.#services.locks.acquire(found.mail.userId);
    if (lock === undefined) {
      found.mail[Symbol.dispose]();
      return this.error('[IN-USE] Another POP3 session has this mailbox');
    }
    this.#lock = lock;
    this.#maildrop = new HeldDrop(found.mail);
    this.#signedIn();
  }

  #signedIn(): void {
    this.#state = 'transaction';
    this.#connection.trusted = true;
    this.#connection.commandTimeoutMs = TRANSACTION_TIMEOUT_MS;
    this.ok(`${this.maildrop.count} messages (${this.maildrop.bytes} octets)`);
  }

  async quit(): Promise<void> {
    this.#ended = true;
    try {
      await this.#maildrop?.update();
    } catch (error) {
      this.#connection.log.error({ err: error }, 'a maildrop could not be updated');
      this.error(withFault(error, 'Some of the deleted messages were not removed'));
      return;
    } finally {
      this.#leave();
    }
    this.ok('Good-bye');
  }

  // --- inside -------------------------------------------------------------------------------------------------------

  async #command(line: Buffer): Promise<void> {
    const { commands } = this.#services;
    const began = commands.begin();
    this.#refused = false;
    const parsed = parseCommandLine(line);
    const found = parsed && COMMANDS.get(parsed.keyword);
    await this.#run(line, found, parsed?.rest);
    commands.end(found?.name, began, this.#refused);
  }

  async #run(line: Buffer, found: AnyCommand | undefined, rest: string | undefined): Promise<void> {
    if (found === undefined) {
      this.#ended ||= this.#state === 'authorization' && speaksAnother(line, 'pop3');
      return this.#bad('There is no such command');
    }
    if (!found.states.includes(this.#state))
      return this.#bad(this.#state === 'authorization' ? 'Sign in first' : 'You are signed in already');
    const run = found.prepare(rest);
    if (run === undefined) return this.#bad(`${found.name} does not take that`);
    try {
      await run(this);
    } catch (error) {
      const reply = errorReply(error);
      if (reply === undefined) throw error;
      if (error instanceof MailError && error.code === 'auth-failed') {
        this.#failedSignIns++;
        await this.#oneError();
      }
      if (error instanceof MailError && (error.kind === 'bug' || error.kind === 'temporary'))
        this.#connection.log.warn({ err: error, command: found.name }, 'a command failed');
      this.error(reply);
    }
    if (this.#failedSignIns >= MAX_FAILED_SIGN_INS) this.#ended = true;
  }

  async #bad(text: string): Promise<void> {
    await this.#oneError();
    this.error(this.#errors < this.#services.errors ? text : 'Too many errors, good-bye');
  }

  /** Who goes on making errors waits for the answers, longer and longer, and is sent away. */
  async #oneError(): Promise<void> {
    this.#errors++;
    await this.#services.errorDelay?.before(this.#errors, this.#connection);
    if (this.#errors >= this.#services.errors) this.#ended = true;
  }

  #leave(): void {
    this.#maildrop?.[Symbol.dispose]();
    this.#maildrop = undefined;
    this.#lock?.[Symbol.dispose]();
    this.#lock = undefined;
    this.#place?.[Symbol.dispose]();
    this.#place = undefined;
  }
}
