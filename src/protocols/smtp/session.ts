/** One SMTP or LMTP conversation: what it knows, and how a line becomes a command. */
import type { Directory } from '../../directory/api.ts';
import type { OpenAccess } from '../../directory/open-access.ts';
import type { LocalRecipient, Origin, RawMail } from '../../intake/arrival.ts';
import type { Intake } from '../../intake/intake.ts';
import type { RecipientRate } from '../../intake/rate.ts';
import type { Recipients } from '../../intake/recipients.ts';
import type { Room } from '../../intake/room.ts';
import { MailError } from '../../mail/error.ts';
import type { Connection } from '../../net/connection.ts';
import { ConnectionError } from '../../net/error.ts';
import type { ErrorDelay } from '../../net/error-delay.ts';
import { speaksAnother } from '../../net/strangers.ts';
import type { ReverseName, ReverseNames } from '../../net/reverse-name.ts';
import type { TlsIdentity } from '../../net/tls.ts';
import type { CommandMetrics } from '../../telemetry/command-metrics.ts';
import type { MailFlow } from '../../telemetry/flow.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Addressee, Submit, User } from '../../submit/submit.ts';
import type { SmtpCommand, SmtpRole, SmtpState } from './command.ts';
import type { RecipientHook } from './hook.ts';
import { IncomingMail, type IncomingMemory } from './incoming.ts';
import type { SmtpLimits } from './limits.ts';
import type { Reply } from './reply.ts';
import { replyTo } from './reply.ts';
import type { Transaction } from './transaction.ts';
import { parseCommandLine } from './wire/command-line.ts';

export interface SmtpParts {
  readonly role: SmtpRole;
  readonly hostname: string;
  readonly limits: SmtpLimits;
  readonly directory: Pick<Directory, 'authenticate' | 'scram' | 'bearer'>;
  readonly recipients: Recipients;
  readonly rate: RecipientRate;
  readonly intake: Pick<Intake, 'accept' | 'checkRecipient' | 'signedIn'>;
  readonly submit: Submit;
  readonly clock: Clock;
  readonly room: Pick<Room, 'has'>;
  /** Absent: answers to errors do not wait. */
  readonly errorDelay?: ErrorDelay;
  readonly metrics: Metrics;
  /** Absent: nobody watches. */
  readonly flow?: Pick<MailFlow, 'tell'>;
  readonly reverseNames: Pick<ReverseNames, 'begin'>;
  /** Present: STARTTLS is offered. */
  readonly identity?: TlsIdentity;
  /** From where a password is taken without TLS. */
  readonly allowPlaintextLogin: 'never' | 'loopback' | 'always';
  readonly hook?: RecipientHook;
  /** Absent: who signed in stays. */
  readonly access?: OpenAccess;
}

const WRONG_DOOR = 'This is a mail server, goodbye';
/** Known, and not offered. */
const NOT_OFFERED = new Set(['EXPN', 'ETRN', 'TURN', 'ATRN', 'SEND', 'SOML', 'SAML', 'XCLIENT', 'XFORWARD']);

const OUT_OF_PLACE: Record<SmtpState, string> = {
  new: 'Introduce yourself first',
  ready: 'MAIL comes first',
  sender: 'A mail is in progress',
  recipients: 'A mail is in progress',
  chunks: 'The message is in progress: BDAT or RSET',
};

export class SmtpSession {
  readonly connection: Connection;
  readonly parts: SmtpParts;
  readonly #commands: ReadonlyMap<string, SmtpCommand>;
  readonly #metrics: CommandMetrics;
  readonly #memory: IncomingMemory;
  /** What the client called itself, and whether with EHLO (or LHLO). */
  hello: { readonly name: string; readonly extended: boolean } | undefined;
  user: User | undefined;
  transaction: Transaction | undefined;
  readonly #reverse: ReverseName;
  #errors = 0;
  /** Until then replies are held back. */
  #wait: Promise<void> | undefined;
  #held = '';
  #junk = 0;
  #over: 'no' | 'politely' | 'with-input-left' = 'no';

  constructor(
    connection: Connection,
    parts: SmtpParts,
    commands: ReadonlyMap<string, SmtpCommand>,
    metrics: CommandMetrics,
    memory: IncomingMemory,
  ) {
    this.connection = connection;
    this.#memory = memory;
    this.#metrics = metrics;
    this.parts = parts;
    this.#commands = commands;
    this.#reverse = parts.reverseNames.begin(connection.remoteAddress);
  }

  get commands(): Iterable<SmtpCommand> {
    return this.#commands.values();
  }

  get state(): SmtpState {
    if (this.hello === undefined) return 'new';
    if (this.transaction === undefined) return 'ready';
    if (this.transaction.chunks !== undefined) return 'chunks';
    return this.transaction.accepted > 0 ? 'recipients' : 'sender';
  }

  async run(): Promise<void> {
    const { connection, parts } = this;
    connection.write(`220 ${parts.hostname} ${parts.role === 'lmtp' ? 'LMTP' : 'ESMTP'} Pabal\r\n`);
    try {
      while (this.#over === 'no') {
        const next = connection.readLine();
        const done = this.#execute(next instanceof Promise ? await next : next);
        if (done !== undefined) await done;
        if (this.#wait !== undefined) await this.#release(this.#wait);
      }
      connection.close(this.#over === 'with-input-left');
    } finally {
      this.reset();
    }
  }

  /** Forgets the transaction, not the session (RFC 5321 §4.1.1.5). */
  reset(): void {
    this.transaction?.chunks?.mail.abort(new ConnectionError('closed', 'the transaction was given up'));
    this.transaction = undefined;
  }

  reply(code: number, status: string, text: string): void {
    const line = `${code} ${status} ${text}\r\n`;
    if (this.#wait === undefined) this.connection.write(line);
    else this.#held += line;
  }

  async #release(wait: Promise<void>): Promise<void> {
    await wait;
    this.#wait = undefined;
    this.connection.write(this.#held);
    this.#held = '';
  }

  /** A refusal: counts as an error, whose answer a stranger waits for; too many of them end the session (C6, C7). */
  refuse({ code, status, text }: Reply): void {
    this.#errors++;
    this.#wait ??= this.parts.errorDelay?.before(this.#errors, this.connection);
    if (this.#errors > this.parts.limits.errors) this.end(421, '4.7.0', 'Too many errors, goodbye');
    else this.reply(code, status, text);
  }

  /** The last reply. What the client still sends is not read. */
  end(code: number, status: string, text: string): void {
    this.reply(code, status, text);
    this.#over = code === 221 ? 'politely' : 'with-input-left';
  }

  /** In answer to an exception: its reply, and a line in the log when it is our fault. */
  failed(error: unknown): void {
    if (error instanceof ConnectionError) throw error;
    if (!(error instanceof MailError) || error.kind === 'bug')
      this.connection.log.error({ err: error }, 'an SMTP command failed');
    else this.connection.log.info({ code: error.code, reason: error.message }, 'refused');
    this.refuse(replyTo(error));
  }

  /** A mail was accepted: whatever led nowhere before has led somewhere. */
  progress(): void {
    this.#junk = 0;
  }

  /** May a password be sent as things are? */
  get mayAuthenticate(): boolean {
    const { allowPlaintextLogin } = this.parts;
    if (this.connection.secure || allowPlaintextLogin === 'always') return true;
    return allowPlaintextLogin === 'loopback' && this.connection.fromLoopback;
  }

  /** The message of the current transaction, on its way to whoever takes mail of this kind. */
  incoming(transaction: Transaction): IncomingMail<string> {
    const { parts, user } = this;
    const { sender, requireTls } = transaction;
    const source = parts.role === 'lmtp' ? 'front' : 'outside';
    return new IncomingMail(parts.limits.messageSize, this.#memory, async (mail: RawMail): Promise<string> => {
      // As late as can be: the client's name is looked up meanwhile.
      const origin = this.#origin(transaction);
      const recipients = [...transaction.recipients.values()];
      if (user === undefined)
        return parts.intake.accept({ sender, recipients: recipients.flatMap(ours), origin, mail, source, requireTls });
      const binary = transaction.body === 'BINARYMIME';
      const { dsn, sendAt } = transaction;
      const { id } = await parts.submit.send({
        by: user,
        sender,
        recipients,
        origin,
        mail,
        binary,
        requireTls,
        copy: 'as-set',
        ...(dsn && { dsn }),
        ...(sendAt !== undefined && { sendAt }),
      });
      return id;
    });
  }

  #origin({ utf8 }: Transaction): Origin {
    const { connection, hello, user, parts } = this;
    const suffix = `${connection.secure ? 'S' : ''}${user === undefined ? '' : 'A'}`;
    // RFC 3848, RFC 6531 §4.3.
    const extended = parts.role === 'lmtp' ? (utf8 ? 'UTF8LMTP' : 'LMTP') : utf8 ? 'UTF8SMTP' : 'ESMTP';
    return {
      protocol: hello?.extended === true ? `${extended}${suffix}` : 'SMTP',
      hello: hello?.name ?? '',
      remote: connection.remoteAddress,
      reverse: this.#reverse.name ?? 'unknown',
      cipher: connection.cipher,
    };
  }

  #execute(line: Buffer): void | Promise<void> {
    const began = this.#metrics.begin();
    const errors = this.#errors;
    const parsed = parseCommandLine(line);
    const running = this.#dispatch(line, parsed);
    const end = (): void => this.#metrics.end(parsed?.verb, began, this.#errors > errors);
    if (running === undefined) end();
    else return running.then(end);
  }

  #dispatch(line: Buffer, parsed: ReturnType<typeof parseCommandLine>): void | Promise<void> {
    if (parsed === undefined) return this.#garbage(line);
    const { verb, argument } = parsed;
    const command = this.#commands.get(verb);
    if (command === undefined) return this.#unknown(verb, line);
    if (command.junk === true && ++this.#junk > this.parts.limits.junk)
      return this.end(421, '4.7.0', 'Too many commands that lead nowhere, goodbye');
    const { state } = this;
    if (command.states !== undefined && !command.states.includes(state))
      return this.refuse({ code: 503, status: '5.5.1', text: OUT_OF_PLACE[state] });
    if (command.argument !== undefined && command.argument !== (argument !== ''))
      return this.refuse({
        code: 501,
        status: '5.5.4',
        text: command.argument ? `${verb} needs an argument` : `${verb} takes no argument`,
      });
    return this.#guarded(command.run(argument, this));
  }

  #guarded(running: void | Promise<void>): void | Promise<void> {
    return running === undefined ? undefined : running.catch((error: unknown) => this.failed(error));
  }

  #garbage(line: Buffer): void {
    if (speaksAnother(line, 'smtp')) this.end(554, '5.5.1', WRONG_DOOR);
    else this.refuse({ code: 500, status: '5.5.2', text: 'Control characters in a command' });
  }

  #unknown(verb: string, line: Buffer): void {
    if (speaksAnother(line, 'smtp')) this.end(554, '5.5.1', WRONG_DOOR);
    else if (NOT_OFFERED.has(verb)) this.refuse({ code: 502, status: '5.5.1', text: 'Not offered here' });
    else this.refuse({ code: 500, status: '5.5.1', text: 'Unknown command' });
  }
}

function ours({ account, address }: Addressee): LocalRecipient[] {
  return account === undefined ? [] : [{ account, address }];
}
