/** A plain SMTP or LMTP client for tests: replies as they came, nothing hidden. */
import { WireClient, type WireOptions } from './wire.ts';

export interface SmtpReply {
  readonly code: number;
  /** Each line without its code. */
  readonly lines: readonly string[];
}

export class SmtpRefused extends Error {
  override readonly name = 'SmtpRefused';
  readonly reply: SmtpReply;
  constructor(command: string, reply: SmtpReply) {
    super(`${command} was answered ${reply.code} ${reply.lines.join(' / ')}`);
    this.reply = reply;
  }
}

export class SmtpClient implements AsyncDisposable {
  readonly wire: WireClient;
  /** What EHLO or LHLO announced, upper-case keyword first. */
  capabilities: readonly string[] = [];
  readonly #lmtp: boolean;

  private constructor(wire: WireClient, lmtp: boolean) {
    this.wire = wire;
    this.#lmtp = lmtp;
  }

  /** Connects, reads the greeting and says EHLO. */
  static async connect(address: string, options: WireOptions & { readonly lmtp?: boolean } = {}): Promise<SmtpClient> {
    const client = new SmtpClient(await WireClient.connect(address, options), options.lmtp ?? false);
    await client.expect('greeting', 220);
    await client.hello();
    return client;
  }

  async hello(): Promise<void> {
    const reply = await this.command(this.#lmtp ? 'LHLO client.test' : 'EHLO client.test', 250);
    this.capabilities = reply.lines.slice(1).map((line) => line.trim());
  }

  async startTls(): Promise<void> {
    await this.command('STARTTLS', 220);
    await this.wire.startTls();
    await this.hello();
  }

  async login(user: string, password: string): Promise<void> {
    await this.command(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}`, 235);
  }

  async reply(): Promise<SmtpReply> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.wire.line();
      lines.push(line.slice(4));
      if (line[3] !== '-') return { code: Number(line.slice(0, 3)), lines };
    }
  }

  async expect(what: string, ...codes: readonly number[]): Promise<SmtpReply> {
    const reply = await this.reply();
    if (codes.length > 0 && !codes.includes(reply.code)) throw new SmtpRefused(what, reply);
    return reply;
  }

  /** Without `codes` any reply is answered; with them, another one throws `SmtpRefused`. */
  async command(line: string, ...codes: readonly number[]): Promise<SmtpReply> {
    await this.wire.write(`${line}\r\n`);
    return this.expect(line.slice(0, 60), ...codes);
  }

  /** One transaction; answers the final reply (LMTP: one for each recipient). The raw message ends with CRLF. */
  async send(from: string, to: readonly string[], raw: Uint8Array): Promise<readonly SmtpReply[]> {
    await this.#envelope(from, to);
    await this.command('DATA', 354);
    await this.wire.write(dotStuffed(raw));
    return this.#finalReplies(to);
  }

  /** As `send`, with BDAT in chunks of that size (RFC 3030), the last of which says LAST. */
  async sendChunks(
    from: string,
    to: readonly string[],
    raw: Uint8Array,
    chunkBytes: number,
  ): Promise<readonly SmtpReply[]> {
    await this.#envelope(from, to);
    let at = 0;
    for (; at + chunkBytes < raw.length; at += chunkBytes) {
      await this.wire.write(`BDAT ${chunkBytes}\r\n`);
      await this.wire.write(raw.subarray(at, at + chunkBytes));
      await this.expect('BDAT', 250);
    }
    await this.wire.write(`BDAT ${raw.length - at} LAST\r\n`);
    await this.wire.write(raw.subarray(at));
    return this.#finalReplies(to);
  }

  async #envelope(from: string, to: readonly string[]): Promise<void> {
    await this.command(`MAIL FROM:<${from}>`, 250);
    for (const recipient of to) await this.command(`RCPT TO:<${recipient}>`, 250, 251);
  }

  async #finalReplies(to: readonly string[]): Promise<readonly SmtpReply[]> {
    const replies: SmtpReply[] = [];
    for (let i = 0; i < (this.#lmtp ? to.length : 1); i++) replies.push(await this.reply());
    return replies;
  }

  async quit(): Promise<void> {
    await this.command('QUIT', 221);
    this.wire.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.wire[Symbol.asyncDispose]();
  }
}

/** RFC 5321 §4.5.2, with the final dot. */
export function dotStuffed(raw: Uint8Array): Buffer {
  const source = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const parts: Buffer[] = [];
  let start = 0;
  if (source[0] === 0x2e) parts.push(Buffer.from('.'));
  for (let at = source.indexOf('\r\n.'); at >= 0; at = source.indexOf('\r\n.', at + 3)) {
    parts.push(source.subarray(start, at + 3), Buffer.from('.'));
    start = at + 3;
  }
  parts.push(source.subarray(start), Buffer.from('.\r\n'));
  return Buffer.concat(parts);
}
