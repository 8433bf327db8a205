/**
 * A mail server that breaks its promises, for the goals' controls: it stands before the real one and acknowledges some
 * messages without handing them on, or acknowledges late, or says yes to everything.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SmtpClient } from '../../client/smtp.ts';

export interface Lies {
  /** Where true messages go; without it nothing is handed on. */
  readonly behind?: string;
  /** Acknowledges each nth message and forgets it. */
  readonly forgetEach?: number;
  /** Hands each nth message on twice. */
  readonly repeatEach?: number;
  /** Changes a byte of each nth message. */
  readonly changeEach?: number;
  /** Waits before each acknowledgement. */
  readonly delayMs?: number;
}

export class LyingServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #lies: Lies;
  readonly #sockets = new Set<Socket>();
  #messages = 0;

  private constructor(lies: Lies) {
    this.#lies = lies;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      void this.#serve(socket).catch(() => socket.destroy());
    });
  }

  static async start(lies: Lies): Promise<LyingServer> {
    const server = new LyingServer(lies);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  async #serve(socket: Socket): Promise<void> {
    socket.write('220 lying.test ESMTP\r\n');
    let from = '';
    let to: string[] = [];
    let data: string | undefined;
    let pending = '';
    let real: SmtpClient | undefined;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      pending += chunk.toString('latin1');
      for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
        const line = pending.slice(0, end);
        pending = pending.slice(end + 2);
        if (data !== undefined) {
          if (line !== '.') {
            data += `${line.startsWith('.') ? line.slice(1) : line}\r\n`;
            continue;
          }
          if (this.#lies.behind !== undefined) real ??= await SmtpClient.connect(this.#lies.behind);
          await this.#handOn(real, from, to, Buffer.from(data, 'latin1'));
          data = undefined;
          socket.write('250 2.0.0 kept, honestly\r\n');
        } else if (/^MAIL /i.test(line)) {
          from = /<([^>]*)>/.exec(line)?.[1] ?? '';
          to = [];
          socket.write('250 2.1.0 fine\r\n');
        } else if (/^RCPT /i.test(line)) {
          to.push(/<([^>]*)>/.exec(line)?.[1] ?? '');
          socket.write('250 2.1.5 fine\r\n');
        } else if (/^DATA/i.test(line)) {
          data = '';
          socket.write('354 go on\r\n');
        } else if (/^QUIT/i.test(line)) {
          socket.end('221 2.0.0 bye\r\n');
        } else socket.write('250 2.0.0 fine\r\n');
      }
    }
    real?.wire.destroy();
  }

  async #handOn(real: SmtpClient | undefined, from: string, to: readonly string[], raw: Buffer): Promise<void> {
    const number = ++this.#messages;
    const hit = (each: number | undefined): boolean => each !== undefined && number % each === 0;
    if (this.#lies.delayMs !== undefined) await sleep(this.#lies.delayMs);
    if (!real || hit(this.#lies.forgetEach)) return;
    const content = Buffer.from(raw);
    if (hit(this.#lies.changeEach)) content[content.length - 10] = 0x58;
    await real.send(from, to, content);
    // Another Message-ID, or the service would recognise the second one.
    if (hit(this.#lies.repeatEach))
      await real.send(
        from,
        to,
        Buffer.from(raw.toString('latin1').replace('Message-ID: <', 'Message-ID: <again.'), 'latin1'),
      ); // prettier-ignore
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }
}
