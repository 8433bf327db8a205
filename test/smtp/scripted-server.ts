/** An SMTP server that does as a test tells it: refuses, hangs, drops, talks nonsense, at any moment. What it took lies in a list. */
import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { DataScanner } from '../../src/protocols/smtp/wire/data-scanner.ts';

/**
 * What the server says instead of its usual. `DROP` closes, `RESET` closes without a word of the system either, `HANG` says
 * nothing and reads no more; text goes out as it is, with a CRLF after it; `['text', 'DROP']` does both. Undefined: the usual.
 */
export type Answer = string | readonly [string, 'DROP'] | undefined;

export interface ScriptedOptions {
  /** Words after EHLO; default PIPELINING, 8BITMIME, SIZE 0, ENHANCEDSTATUSCODES, CHUNKING, SMTPUTF8, DSN. */
  readonly extensions?: readonly string[];
  /** PEM; STARTTLS is offered when it is there. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** TLS from the first byte. */
  readonly implicitTls?: boolean;
  /**
   * Asked before each usual answer with the line: `CONNECT` for the greeting, `BODY n` while n bytes of a body have come, `END`
   * for the end of the body.
   */
  readonly answer?: (line: string, session: ScriptedSession) => Answer;
}

export interface TakenMail {
  /** MAIL as it came. */
  readonly mail: string;
  /** Each RCPT that was accepted. */
  readonly rcpt: readonly string[];
  readonly raw: Buffer;
  readonly tls: boolean;
  /** A CR or LF stood alone in it. */
  readonly bareNewline: boolean;
}

export interface ScriptedSession {
  /** Every line, and `CONNECT`. */
  readonly lines: string[];
  readonly number: number;
  /** Of the client. */
  readonly remote: string;
  tls: boolean;
  serverName: string | undefined;
}

const USUAL = ['PIPELINING', '8BITMIME', 'SIZE 0', 'ENHANCEDSTATUSCODES', 'CHUNKING', 'SMTPUTF8', 'DSN'];

export class ScriptedServer implements AsyncDisposable {
  readonly options: ScriptedOptions;
  readonly mails: TakenMail[] = [];
  readonly sessions: ScriptedSession[] = [];
  readonly open = new Set<Socket>();
  readonly #server: Server;

  private constructor(options: ScriptedOptions) {
    this.options = options;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => new Conversation(this, socket));
  }

  static async start(options: ScriptedOptions = {}): Promise<ScriptedServer> {
    const server = new ScriptedServer(options);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

class Conversation {
  readonly #server: ScriptedServer;
  readonly #session: ScriptedSession;
  #socket: Socket;
  #input: Buffer = Buffer.alloc(0);
  #hung = false;
  #mail = '';
  #rcpt: string[] = [];
  #body: Buffer[] = [];
  #bodyBytes = 0;
  #scanner: DataScanner | undefined;
  /** Bytes of a BDAT chunk that are still to come. */
  #chunk: { left: number; readonly size: number; readonly last: boolean } | undefined;
  #signIn = 0;

  constructor(server: ScriptedServer, socket: Socket) {
    this.#server = server;
    this.#socket = socket;
    const remote = socket.remoteAddress ?? '';
    this.#session = { lines: [], number: server.sessions.length, remote, tls: false, serverName: undefined };
    server.sessions.push(this.#session);
    server.open.add(socket);
    socket.on('close', () => server.open.delete(socket));
    socket.on('error', () => undefined);
    if (server.options.implicitTls === true) this.#secure(() => this.#greet());
    else {
      this.#listen(socket);
      this.#greet();
    }
  }

  #greet(): void {
    this.#say('CONNECT', '220 scripted.test ESMTP');
  }

  #listen(socket: Socket): void {
    socket.on('data', (piece: Buffer) => {
      if (this.#hung) return;
      this.#input = Buffer.concat([this.#input, piece]);
      while (!this.#hung && this.#input.length > 0 && this.#step());
    });
    socket.on('end', () => socket.end());
  }

  /** False: more must come first. */
  #step(): boolean {
    if (this.#scanner) return this.#data(this.#scanner);
    if (this.#chunk) return this.#bdat(this.#chunk);
    const end = this.#input.indexOf('\r\n');
    if (end < 0) return false;
    const line = this.#input.subarray(0, end).toString('utf8');
    this.#input = this.#input.subarray(end + 2);
    this.#command(line);
    return true;
  }

  #say(line: string, usual: string): boolean {
    this.#session.lines.push(line);
    const answer = this.#server.options.answer?.(line, this.#session) ?? usual;
    const text = typeof answer === 'string' ? answer : answer[0];
    if (text === 'HANG') this.#hung = true;
    else if (text === 'RESET') this.#socket.resetAndDestroy();
    else if (text !== 'DROP') this.#socket.write(`${text}\r\n`);
    if (text === 'DROP' || typeof answer !== 'string') {
      this.#hung = true;
      this.#socket.end();
    }
    return answer === usual || text.startsWith('2') || text.startsWith('3');
  }

  #command(line: string): void {
    const { options } = this.#server;
    const word = line.split(/[ :]/, 1)[0]?.toUpperCase() ?? '';
    if (this.#signIn > 0) {
      this.#signIn -= 1;
      this.#say(line, this.#signIn > 0 ? '334 UGFzc3dvcmQ6' : '235 2.7.0 Welcome');
      return;
    }
    switch (word) {
      case 'EHLO': {
        const words = [...(options.extensions ?? USUAL), ...(options.tls && !this.#session.tls ? ['STARTTLS'] : [])];
        const lines = ['scripted.test', ...words];
        this.#say(line, lines.map((text, i) => `250${i === lines.length - 1 ? ' ' : '-'}${text}`).join('\r\n'));
        break;
      }
      case 'STARTTLS':
        if (this.#say(line, '220 2.0.0 Go ahead') && !this.#hung) this.#secure(() => undefined);
        break;
      case 'AUTH':
        if (/^AUTH LOGIN$/i.test(line)) {
          if (this.#say(line, '334 VXNlcm5hbWU6')) this.#signIn = 2;
        } else this.#say(line, '235 2.7.0 Welcome');
        break;
      case 'MAIL':
        this.#clear();
        if (this.#say(line, '250 2.1.0 Sender fine')) this.#mail = line;
        break;
      case 'RCPT':
        if (this.#mail === '') this.#say(line, '503 5.5.1 MAIL first');
        else if (this.#say(line, '250 2.1.5 Recipient fine')) this.#rcpt.push(line);
        break;
      case 'DATA':
        if (this.#rcpt.length === 0) this.#say(line, '503 5.5.1 RCPT first');
        else if (this.#say(line, '354 Go on')) this.#scanner = new DataScanner();
        break;
      case 'BDAT': {
        const [, size = '0', last] = line.split(' ');
        this.#session.lines.push(line);
        this.#chunk = { left: Number(size), size: Number(size), last: last?.toUpperCase() === 'LAST' };
        if (this.#chunk.left === 0) this.#bdat(this.#chunk);
        break;
      }
      case 'RSET':
        this.#clear();
        this.#say(line, '250 2.0.0 Reset');
        break;
      case 'QUIT':
        this.#say(line, '221 2.0.0 Bye');
        this.#socket.end();
        break;
      default:
        this.#say(line, word === 'HELO' ? '250 scripted.test' : '250 2.0.0 Whatever');
    }
  }

  #data(scanner: DataScanner): boolean {
    const bytes = this.#input;
    const used = scanner.scan(bytes, { append: (from, start, end) => this.#take(from.subarray(start, end)) });
    this.#input = bytes.subarray(used);
    if (this.#duringBody()) return false;
    if (!scanner.done) return false;
    this.#scanner = undefined;
    this.#end(scanner.bareNewline);
    return true;
  }

  #bdat(chunk: { left: number; readonly size: number; readonly last: boolean }): boolean {
    const bytes = this.#input.subarray(0, chunk.left);
    this.#input = this.#input.subarray(bytes.length);
    chunk.left -= bytes.length;
    this.#take(bytes);
    if (this.#duringBody()) return false;
    if (chunk.left > 0) return false;
    this.#chunk = undefined;
    if (this.#rcpt.length === 0) this.#say('BDAT end', '503 5.5.1 RCPT first');
    else if (chunk.last) this.#end(/\r(?!\n)|(?<!\r)\n/.test(Buffer.concat(this.#body).toString('latin1')));
    else if (!this.#say('BDAT end', `250 2.0.0 ${chunk.size} octets`)) this.#clear();
    return true;
  }

  #take(bytes: Buffer): void {
    this.#body.push(Buffer.from(bytes));
    this.#bodyBytes += bytes.length;
  }

  /** Whether the test has had enough of the body. */
  #duringBody(): boolean {
    const answer = this.#server.options.answer?.(`BODY ${this.#bodyBytes}`, this.#session);
    if (answer === undefined) return false;
    this.#say(`BODY ${this.#bodyBytes}`, '');
    return this.#hung;
  }

  #end(bareNewline: boolean): void {
    const [mail, rcpt, raw] = [this.#mail, this.#rcpt, Buffer.concat(this.#body)];
    this.#clear();
    if (this.#say('END', '250 2.0.0 Taken'))
      this.#server.mails.push({ mail, rcpt, raw, tls: this.#session.tls, bareNewline });
  }

  #clear(): void {
    this.#mail = '';
    this.#rcpt = [];
    this.#body = [];
    this.#bodyBytes = 0;
  }

  #secure(then: () => void): void {
    const { tls } = this.#server.options;
    if (tls === undefined) throw new Error('no certificate');
    const plain = this.#socket;
    plain.removeAllListeners('data');
    plain.removeAllListeners('end');
    const secure = new TLSSocket(plain, { isServer: true, secureContext: createSecureContext(tls) });
    secure.on('error', () => secure.destroy());
    secure.once('secure', () => {
      this.#session.tls = true;
      this.#session.serverName = (secure as TLSSocket & { servername?: string }).servername;
      then();
    });
    this.#input = Buffer.alloc(0);
    this.#socket = secure;
    this.#listen(secure);
  }
}
