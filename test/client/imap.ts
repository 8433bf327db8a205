/** A plain IMAP client for tests: responses as text and literals, no cleverness. */
import { WireClient, type WireOptions } from './wire.ts';

/** One response line. Literals are cut out; in `text` they stand as `{n}`. */
export interface ImapResponse {
  readonly text: string;
  readonly literals: readonly Buffer[];
}

export interface ImapAnswer {
  readonly status: 'OK' | 'NO' | 'BAD';
  /** What follows the status, response code included. */
  readonly text: string;
  readonly untagged: readonly ImapResponse[];
}

export class ImapRefused extends Error {
  override readonly name = 'ImapRefused';
}

export class ImapClient implements AsyncDisposable {
  readonly wire: WireClient;
  greeting = '';
  #tag = 0;

  private constructor(wire: WireClient) {
    this.wire = wire;
  }

  static async connect(address: string, options: WireOptions = {}): Promise<ImapClient> {
    const client = new ImapClient(await WireClient.connect(address, options));
    client.greeting = await client.wire.line();
    return client;
  }

  async startTls(): Promise<void> {
    await this.ok('STARTTLS');
    await this.wire.startTls();
  }

  async login(user: string, password: string): Promise<void> {
    await this.ok(`LOGIN ${quoted(user)} ${quoted(password)}`);
  }

  /** One response line, with its literals. */
  async response(): Promise<ImapResponse> {
    const literals: Buffer[] = [];
    let text = await this.wire.line();
    for (;;) {
      const size = /\{(\d+)\}$/.exec(text)?.[1];
      if (size === undefined) return { text, literals };
      literals.push(await this.wire.bytes(Number(size)));
      text += await this.wire.line();
    }
  }

  nextTag(): string {
    return `T${++this.#tag}`;
  }

  /** Sends a command; a literal (synchronising) follows each piece but the last. */
  async command(text: string, ...more: readonly (Uint8Array | string)[]): Promise<ImapAnswer> {
    const tag = this.nextTag();
    const untagged: ImapResponse[] = [];
    let line = `${tag} ${text}`;
    for (let i = 0; i < more.length; i += 2) {
      const literal = more[i] as Uint8Array;
      await this.wire.write(`${line}{${literal.length}}\r\n`);
      const answer = await this.#until(tag, untagged, true);
      if (answer) return answer;
      await this.wire.write(literal);
      line = (more[i + 1] as string | undefined) ?? '';
    }
    await this.wire.write(`${line}\r\n`);
    return (await this.#until(tag, untagged, false)) as ImapAnswer;
  }

  async #until(tag: string, untagged: ImapResponse[], goOn: boolean): Promise<ImapAnswer | undefined> {
    for (;;) {
      const response = await this.response();
      if (goOn && response.text.startsWith('+')) return undefined;
      if (response.text.startsWith(`${tag} `)) {
        const [, status, rest] = /^\S+ (OK|NO|BAD) ?(.*)$/s.exec(response.text) ?? [];
        return { status: status as ImapAnswer['status'], text: rest ?? '', untagged };
      }
      untagged.push(response);
    }
  }

  /** As `command`, but anything except OK throws. */
  async ok(text: string, ...more: readonly (Uint8Array | string)[]): Promise<ImapAnswer> {
    const answer = await this.command(text, ...more);
    if (answer.status !== 'OK')
      throw new ImapRefused(`${text.slice(0, 60)} was answered ${answer.status} ${answer.text}`);
    return answer;
  }

  /** Number of messages, by STATUS. */
  async count(folder: string): Promise<number> {
    const answer = await this.ok(`STATUS ${quoted(folder)} (MESSAGES)`);
    return Number(/MESSAGES (\d+)/.exec(answer.untagged.map((r) => r.text).join('\n'))?.[1] ?? Number.NaN);
  }

  /** Names of the folders that can be selected. */
  async folders(): Promise<readonly string[]> {
    const answer = await this.ok('LIST "" "*"');
    const names: string[] = [];
    for (const { text, literals } of answer.untagged) {
      const [, attributes, name] = /^\* LIST \(([^)]*)\) (?:"[^"]*"|NIL) (.*)$/.exec(text) ?? [];
      if (name === undefined || /\\(Noselect|NonExistent)/i.test(attributes ?? '')) continue;
      if (literals[0]) names.push(literals[0].toString('latin1'));
      else if (name.startsWith('"')) names.push(name.slice(1, -1).replaceAll(/\\(.)/g, '$1'));
      else names.push(name);
    }
    return names;
  }

  /** Every message of a folder, one at a time, whatever the folder's size. */
  async *messages(folder: string): AsyncGenerator<{ uid: number; flags: string; raw: Buffer }> {
    await this.ok(`EXAMINE ${quoted(folder)}`);
    const tag = this.nextTag();
    await this.wire.write(`${tag} UID FETCH 1:* (UID FLAGS BODY.PEEK[])\r\n`);
    for (;;) {
      const { text, literals } = await this.response();
      if (text.startsWith(`${tag} `)) {
        if (!text.startsWith(`${tag} OK`)) throw new ImapRefused(`UID FETCH was answered ${text}`);
        return;
      }
      const uid = /\bUID (\d+)/.exec(text)?.[1];
      if (uid === undefined || !/^\* \d+ FETCH /.test(text)) continue;
      const empty = /BODY\[\] ""/.test(text) ? Buffer.alloc(0) : undefined;
      const raw = literals[0] ?? empty;
      if (raw) yield { uid: Number(uid), flags: /FLAGS \(([^)]*)\)/.exec(text)?.[1] ?? '', raw };
    }
  }

  async logout(): Promise<void> {
    await this.command('LOGOUT');
    this.wire.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.wire[Symbol.asyncDispose]();
  }
}

export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
