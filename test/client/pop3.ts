/** A plain POP3 client for tests. */
import { WireClient, type WireOptions } from './wire.ts';

export class Pop3Refused extends Error {
  override readonly name = 'Pop3Refused';
}

export class Pop3Client implements AsyncDisposable {
  readonly wire: WireClient;

  private constructor(wire: WireClient) {
    this.wire = wire;
  }

  static async connect(address: string, options: WireOptions = {}): Promise<Pop3Client> {
    const client = new Pop3Client(await WireClient.connect(address, options));
    await client.#status('greeting');
    return client;
  }

  async #status(what: string): Promise<string> {
    const line = await this.wire.line();
    if (!line.startsWith('+OK')) throw new Pop3Refused(`${what} was answered ${line}`);
    return line.slice(4);
  }

  async command(line: string): Promise<string> {
    await this.wire.write(`${line}\r\n`);
    return this.#status(line.split(' ')[0] ?? '');
  }

  /** A command whose answer has lines after the status line; without their dot-stuffing. */
  async multiline(line: string): Promise<readonly string[]> {
    await this.command(line);
    const lines: string[] = [];
    for (;;) {
      const next = await this.wire.line();
      if (next === '.') return lines;
      lines.push(next.startsWith('.') ? next.slice(1) : next);
    }
  }

  async login(user: string, password: string): Promise<void> {
    await this.command(`USER ${user}`);
    await this.command(`PASS ${password}`);
  }

  async retrieve(number: number): Promise<Buffer> {
    const lines = await this.multiline(`RETR ${number}`);
    return Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
  }

  async stat(): Promise<{ messages: number; bytes: number }> {
    const [messages, bytes] = (await this.command('STAT')).split(' ');
    return { messages: Number(messages), bytes: Number(bytes) };
  }

  async quit(): Promise<void> {
    await this.command('QUIT');
    this.wire.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.wire[Symbol.asyncDispose]();
  }
}
