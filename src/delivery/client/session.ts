/** One session with an SMTP server (RFC 5321): greeting, EHLO, TLS, sign-in, and then one transaction after the other. */
import { isIP } from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Clock } from '../../ports/clock.ts';
import { Capabilities } from './capabilities.ts';
import type { ClientTimeouts } from './limits.ts';
import { type Reply, replyText } from './reply.ts';
import { ClientWire } from './wire.ts';

/** The session cannot go on, or not begin, because of what the server said. */
export class SessionRefused extends Error {
  override readonly name = 'SessionRefused';
  readonly reply: Reply;
  constructor(what: string, reply: Reply) {
    super(`${what}: ${replyText(reply)}`);
    this.reply = reply;
  }
}

/** The server cannot do what the mail or the policy asks for. */
export class SessionUnfit extends Error {
  override readonly name = 'SessionUnfit';
  readonly why: 'no-tls' | 'untrusted' | 'no-auth';
  constructor(why: SessionUnfit['why'], message: string) {
    super(message);
    this.why = why;
  }
}

export interface TlsPlan {
  /** `never`: after a handshake that failed; `may`: where it is offered; `must`: or not at all; `implicit`: from the first byte. */
  readonly use: 'never' | 'may' | 'must' | 'implicit';
  /** Called after the handshake: why this is not the right server, or undefined. */
  readonly verify?: (wire: ClientWire) => string | undefined;
  readonly options?: TlsOptions;
}

export interface SessionOptions {
  /** Of the server, as it is called (SNI). */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  /** Ours; the system's choice when absent. */
  readonly localAddress?: string;
  /** We, in EHLO. */
  readonly hostname: string;
  readonly tls: TlsPlan;
  readonly credentials?: { readonly user: string; readonly password: string };
  /** The password may be sent without TLS. */
  readonly plaintextLogin?: boolean;
  readonly clock: Clock;
  readonly timeouts: ClientTimeouts;
  readonly signal: AbortSignal;
}

export class SmtpSession {
  readonly host: string;
  readonly wire: ClientWire;
  readonly timeouts: ClientTimeouts;
  readonly clock: Clock;
  capabilities = new Capabilities();
  /** Transactions so far. */
  used = 0;
  /** A transaction was left in the middle: RSET before the next one. */
  dirty = false;

  private constructor(options: SessionOptions, wire: ClientWire) {
    this.host = options.host;
    this.timeouts = options.timeouts;
    this.clock = options.clock;
    this.wire = wire;
  }

  /** Rejects with `WireError`, `SessionRefused` or `SessionUnfit`; nothing stays open then. */
  static async open(options: SessionOptions): Promise<SmtpSession> {
    const { address, port, localAddress, clock, timeouts, signal } = options;
    const wire = await ClientWire.connect({
      address,
      port,
      clock,
      signal,
      timeoutMs: timeouts.connectMs,
      ...(localAddress !== undefined && { localAddress }),
    });
    const session = new SmtpSession(options, wire);
    const abort = (): void => wire.destroy('aborted', 'stopped');
    signal.addEventListener('abort', abort, { once: true });
    try {
      await session.#start(options);
      return session;
    } catch (error) {
      if (wire.fault === undefined) wire.farewell('QUIT\r\n');
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** `TLSv1.3 TLS_AES_256_GCM_SHA384`; undefined without TLS. */
  get tls(): string | undefined {
    return this.wire.tls;
  }

  async command(line: string, timeoutMs: number): Promise<Reply> {
    await this.wire.write(line, timeoutMs);
    return this.wire.reply(timeoutMs);
  }

  /** Whether the session is good for another transaction. Never throws. */
  async reset(): Promise<boolean> {
    try {
      const reply = await this.command('RSET\r\n', this.timeouts.helloMs);
      this.dirty = false;
      return reply.code === 250;
    } catch {
      return false;
    }
  }

  quit(): void {
    if (this.wire.fault === undefined) this.wire.farewell('QUIT\r\n');
    else this.wire.destroy();
  }

  async #start(options: SessionOptions): Promise<void> {
    const { tls, timeouts, credentials } = options;
    if (tls.use === 'implicit') await this.#secure(options);
    const greeting = await this.wire.reply(timeouts.greetingMs);
    if (greeting.code !== 220) throw new SessionRefused('the server greets with a refusal', greeting);
    await this.#hello(options.hostname);
    if (tls.use === 'may' || tls.use === 'must') await this.#startTls(options);
    if (credentials) await this.#signIn(credentials, options.plaintextLogin ?? false);
  }

  async #hello(hostname: string): Promise<void> {
    const { helloMs } = this.timeouts;
    const ehlo = await this.command(`EHLO ${hostname}\r\n`, helloMs);
    if (ehlo.code === 250) {
      this.capabilities = new Capabilities(ehlo);
      return;
    }
    // A server from before ESMTP (RFC 5321 §3.2). 421 and other temporary words mean what they say.
    if (ehlo.code < 500) throw new SessionRefused('EHLO was refused', ehlo);
    const helo = await this.command(`HELO ${hostname}\r\n`, helloMs);
    if (helo.code !== 250) throw new SessionRefused('HELO was refused', helo);
    this.capabilities = new Capabilities();
  }

  async #startTls(options: SessionOptions): Promise<void> {
    const must = options.tls.use === 'must';
    if (!this.capabilities.has('STARTTLS')) {
      if (must) throw new SessionUnfit('no-tls', 'the server does not offer STARTTLS');
      return;
    }
    const reply = await this.command('STARTTLS\r\n', this.timeouts.helloMs);
    if (reply.code !== 220) {
      if (reply.code === 421) throw new SessionRefused('STARTTLS was refused', reply);
      if (must) throw new SessionUnfit('no-tls', `STARTTLS was refused: ${replyText(reply)}`);
      return;
    }
    await this.#secure(options);
    // What was said before counts no more (RFC 3207 §4.2).
    await this.#hello(options.hostname);
  }

  async #secure({ host, tls }: SessionOptions): Promise<void> {
    const name = isIP(host) === 0 ? { servername: host } : { host };
    await this.wire.startTls({ ...name, ...tls.options }, this.timeouts.tlsMs);
    const wrong = tls.verify?.(this.wire);
    if (wrong !== undefined) throw new SessionUnfit('untrusted', wrong);
  }

  /** PLAIN or LOGIN (RFC 4954), over TLS only unless the password stays on this machine. */
  async #signIn(
    { user, password }: { readonly user: string; readonly password: string },
    plaintext: boolean,
  ): Promise<void> {
    const { helloMs } = this.timeouts;
    const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
    const { auth } = this.capabilities;
    if (this.tls === undefined && !plaintext) throw new SessionUnfit('no-auth', 'the password is not sent without TLS');
    let reply: Reply;
    if (auth.includes('PLAIN')) {
      reply = await this.command(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}\r\n`, helloMs);
    } else if (auth.includes('LOGIN')) {
      reply = await this.command('AUTH LOGIN\r\n', helloMs);
      if (reply.code === 334) reply = await this.command(`${base64(user)}\r\n`, helloMs);
      if (reply.code === 334) reply = await this.command(`${base64(password)}\r\n`, helloMs);
    } else throw new SessionUnfit('no-auth', 'the server offers no way to sign in that we know');
    if (reply.code !== 235) throw new SessionRefused('the sign-in was refused', reply);
  }
}
