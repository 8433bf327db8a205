/** One ManageSieve session (RFC 5804), on a connection of `net/`. */
import type { Directory } from '../../directory/api.ts';
import type { OpenAccess } from '../../directory/open-access.ts';
import { bearerOutcome } from '../../directory/oauth/bearer.ts';
import type { SieveScripts } from '../../intake/sieve/scripts.ts';
import { REGISTRY } from '../../mail/sieve/extensions.ts';
import { SIEVE_LIMITS } from '../../mail/sieve/limits.ts';
import { MailError } from '../../mail/error.ts';
import type { MailAccount, MailStore, Principal } from '../../mailstore/api.ts';
import { isLoopback } from '../../net/address.ts';
import type { Connection } from '../../net/connection.ts';
import type { SaslChannel, SaslDoor } from '../../net/sasl.ts';
import type { TlsIdentity } from '../../net/tls.ts';
import { fits, type State } from './command.ts';
import { COMMANDS } from './commands/registry.ts';
import { MANAGESIEVE_LIMITS } from './limits.ts';
import { errorReply } from './reply.ts';
import { type Malformed, type ParsedCommand, readCommand, readString } from './wire/command-reader.ts';
import { string } from './wire/string.ts';

export interface SessionServices {
  readonly mailstore: MailStore;
  readonly directory: Pick<Directory, 'authenticate' | 'scram' | 'bearer'>;
  readonly scripts: SieveScripts;
  /** For STARTTLS; undefined when there is no certificate. */
  readonly tls: TlsIdentity | undefined;
  /** Absent: who signed in stays. */
  readonly access?: OpenAccess;
  /** Where passwords may cross a connection that is not encrypted. */
  readonly allowPlaintextLogin: 'never' | 'loopback' | 'always';
}

/** Before sign-in, and after. */
export const UNAUTHENTICATED_TIMEOUT_MS = 60_000;
const AUTHENTICATED_TIMEOUT_MS = 30 * 60_000;

export class Session {
  readonly #connection: Connection;
  readonly #services: SessionServices;
  #account: (MailAccount & Disposable) | undefined;
  #owner = '';
  #held: Disposable | undefined;
  #ended = false;
  #failedSignIns = 0;
  #badCommands = 0;

  constructor(connection: Connection, services: SessionServices) {
    this.#connection = connection;
    this.#services = services;
  }

  /** Greeting to good-bye. */
  async run(): Promise<void> {
    try {
      this.writeCapabilities();
      this.ok('Pabal ManageSieve at your service');
      while (!this.#ended) {
        const { literal, literalBefore } = MANAGESIEVE_LIMITS;
        await this.#command(await readCommand(this.#connection, this.#account === undefined ? literalBefore : literal));
      }
    } finally {
      this.leave();
    }
  }

  // --- what there is ------------------------------------------------------------------------------------------------

  get scripts(): SieveScripts {
    return this.#services.scripts;
  }

  /** In the authenticated state. */
  get account(): MailAccount {
    if (this.#account === undefined) throw new MailError('bug', 'bug', 'no account before sign-in');
    return this.#account;
  }

  get maySendPassword(): boolean {
    const { allowPlaintextLogin } = this.#services;
    if (this.#connection.secure || allowPlaintextLogin === 'always') return true;
    return allowPlaintextLogin === 'loopback' && isLoopback(this.#connection.remoteAddress);
  }

  get mayStartTls(): boolean {
    return !this.#connection.secure && this.#services.tls !== undefined;
  }

  // --- replies ------------------------------------------------------------------------------------------------------

  ok(words: string, code = ''): void {
    this.write(`OK ${code === '' ? '' : `(${code}) `}${string(words)}\r\n`);
  }

  no(words: string, code = ''): void {
    this.write(`NO ${code === '' ? '' : `(${code}) `}${string(words)}\r\n`);
  }

  write(data: string): void {
    this.#connection.write(data);
  }

  /** RFC 5804 §1.7. What SIEVE and NOTIFY say comes from the list of extensions. */
  writeCapabilities(): void {
    const lines: (readonly [name: string, value?: string])[] = [
      ['IMPLEMENTATION', 'Pabal'],
      ['SIEVE', [...REGISTRY.capabilities].join(' ')],
      // Kinds of URIs that name lists (RFC 6134).
      ['EXTLISTS', 'urn tag'],
      ...(REGISTRY.capabilities.has('enotify') ? [['NOTIFY', 'mailto'] as const] : []),
      ['MAXREDIRECTS', String(SIEVE_LIMITS.redirects)],
      ...[...COMMANDS.values()].flatMap((command) => command.capabilities?.(this) ?? []),
      ...(this.#account === undefined ? [] : [['OWNER', this.#owner] as const]),
      ['VERSION', '1.0'],
    ];
    for (const [name, value] of lines) this.write(`"${name}"${value === undefined ? '' : ` ${string(value)}`}\r\n`);
  }

  // --- what commands bring about ------------------------------------------------------------------------------------

  /** A SASL challenge and the client's answer. */
  async ask(challenge: string): Promise<Uint8Array> {
    this.write(`${string(challenge)}\r\n`);
    return Buffer.from((await readString(this.#connection, MANAGESIEVE_LIMITS.literalBefore)) ?? '?');
  }

  async startTls(reply: string): Promise<void> {
    const { tls } = this.#services;
    if (tls === undefined) throw new MailError('bug', 'bug', 'STARTTLS without a certificate');
    await this.#connection.startTls(tls, reply);
  }

  get channel(): SaslChannel {
    return this.#connection;
  }

  /** Who somebody is; its errors do not tell why. */
  get door(): Omit<SaslDoor<Principal & { kind: 'user' }>, 'channel' | 'mechanisms'> {
    const { directory } = this.#services;
    const from = { protocol: 'managesieve', remote: this.#connection.remoteAddress } as const;
    return {
      password: (address, password) => directory.authenticate(address, password, from),
      scram: (address) => directory.scram(address, from),
      tokens: {
        scope: 'sieve',
        open: (token, address) => bearerOutcome(directory.bearer(token, from, address)),
      },
    };
  }

  async signIn(user: Principal & { kind: 'user' }): Promise<void> {
    this.#account = await this.#services.mailstore.open(user, user.account);
    this.#owner = user.address;
    this.#held = this.#services.access?.hold(user, this.#connection);
    this.#connection.commandTimeoutMs = AUTHENTICATED_TIMEOUT_MS;
  }

  /** Back to where nobody is signed in. */
  leave(): void {
    this.#account?.[Symbol.dispose]();
    this.#account = undefined;
    this.#held?.[Symbol.dispose]();
    this.#held = undefined;
    this.#owner = '';
    this.#connection.commandTimeoutMs = UNAUTHENTICATED_TIMEOUT_MS;
  }

  end(): void {
    this.#ended = true;
  }

  // --- inside -------------------------------------------------------------------------------------------------------

  async #command(given: ParsedCommand | Malformed): Promise<void> {
    if ('malformed' in given) return this.#bad(given.malformed, given.tooLarge ? 'QUOTA/MAXSIZE' : '');
    const command = COMMANDS.get(given.name);
    if (command === undefined) return this.#bad('There is no such command');
    const state: State = this.#account === undefined ? 'unauthenticated' : 'authenticated';
    if (!command.states.includes(state))
      return this.#bad(state === 'unauthenticated' ? 'Sign in first' : 'You are signed in already');
    if (!fits(command, given.arguments)) return this.#bad(`${command.name} does not take that`);
    try {
      await command.run(given.arguments, this);
    } catch (error) {
      const reply = errorReply(error);
      if (reply === undefined) throw error;
      if (error instanceof MailError && error.code === 'auth-failed') this.#failedSignIns += 1;
      if (error instanceof MailError && (error.kind === 'bug' || error.kind === 'temporary'))
        this.#connection.log.warn({ err: error, command: command.name }, 'a command failed');
      this.write(reply);
    }
    if (this.#failedSignIns >= MANAGESIEVE_LIMITS.failedSignIns) this.#bye('Too many failed attempts');
  }

  #bad(words: string, code = ''): void {
    this.no(words, code);
    this.#badCommands += 1;
    if (this.#badCommands >= MANAGESIEVE_LIMITS.badCommands) this.#bye('Too many mistakes');
  }

  #bye(words: string): void {
    this.write(`BYE ${string(words)}\r\n`);
    this.end();
  }
}
