/** Reads commands: their lines, and the literals between them. */
import { MailError } from '../../mail/error.ts';
import { ConnectionError } from '../../net/error.ts';
import { speaksAnother } from '../../net/strangers.ts';
import type { AnyCommand } from './command.ts';
import { commandNamed } from './registry.ts';
import { Refusal, uidRequired } from './reply.ts';
import type { Session } from './session.ts';
import {
  type AnnouncedLiteral,
  announcedLiteral,
  Decoder,
  LiteralNeeded,
  malformed,
  type Piece,
} from './wire/decoder.ts';

export interface Received {
  readonly tag: string;
  readonly command: AnyCommand;
  readonly args: unknown;
}

export class CommandReader {
  readonly #session: Session;
  /** Of the command being read or run; '*' while it has none. */
  tag = '*';
  /** Of the command being read or run. */
  name: string | undefined;
  /** The line is how a client of another protocol begins; if it is no command either, that is what it is. */
  stranger = false;
  /** Announced where the command that runs was read to, and not begun yet. */
  #literal: AnnouncedLiteral | undefined;
  /** Bytes to come of the literal that was begun. */
  #left = 0;
  /** The line behind a literal that was begun has not been read. */
  #lineDue = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Reads one command, its literals included. Throws what the tagged reply is to say; `tag` is set by then. */
  async next(): Promise<Received> {
    this.tag = '*';
    this.name = undefined;
    const session = this.#session;
    const { connection, limits } = session;
    const pieces: Piece[] = [];
    let head: { tag: string; command: AnyCommand } | undefined;
    let refusal: unknown;
    let text = 0;
    let kept = 0;
    for (;;) {
      const line = pieces.length > 0 ? await this.#line() : await session.listening(() => this.#line());
      if (text === 0) this.stranger = session.state === 'not-authenticated' && speaksAnother(line, 'imap');
      text += line.length;
      if (text > limits.line) throw new ConnectionError('line-too-long');
      const announced = announcedLiteral(line);
      pieces.push(
        announced === undefined
          ? { text: line }
          : { text: line.subarray(0, announced.end), announced: announced.literal },
      );
      if (head === undefined && refusal === undefined) {
        try {
          head = this.#head(new Decoder(pieces, limits));
        } catch (error) {
          refusal = error;
        }
      }
      if (announced === undefined) break;
      const { literal } = announced;
      if (refusal === undefined && head?.command.streams === true) {
        try {
          const args = this.#parse(head.command, pieces);
          this.#literal = literal;
          return { ...head, args };
        } catch (error) {
          if (!(error instanceof LiteralNeeded)) refusal = error;
        }
      }
      if (literal.binary) refusal ??= malformed('only a message can be a binary literal');
      if (literal.size > limits.literal || kept + literal.size > limits.literals) {
        refusal ??= new Refusal('NO', '[TOOBIG] The literal is too large');
      }
      if (refusal !== undefined) {
        // Whoever asked first has not sent it, and will not now.
        if (!literal.nonSync) throw refusal;
        await this.#discard(literal.size);
        continue;
      }
      kept += literal.size;
      if (!literal.nonSync) this.#continue();
      session.out.flush();
      pieces[pieces.length - 1] = {
        text: (pieces.at(-1) as Piece).text,
        literal: await this.#transfer(() => connection.readBytes(literal.size)),
      };
    }
    if (refusal !== undefined || head === undefined) throw refusal;
    return { ...head, args: this.#parse(head.command, pieces) };
  }

  /** The literal up to which the command was read, as it arrives. `following` reads on. */
  async *literal(): AsyncGenerator<Uint8Array, void, undefined> {
    const literal = this.#literal;
    if (literal === undefined) throw new MailError('bug', 'bug', 'No literal to read');
    this.#literal = undefined;
    this.#left = literal.size;
    this.#lineDue = true;
    const { connection, out } = this.#session;
    if (!literal.nonSync) this.#continue();
    else out.flush();
    connection.beginTransfer();
    try {
      while (this.#left > 0) {
        const piece = await connection.readPiece(this.#left);
        this.#left -= piece.length;
        yield piece;
      }
    } finally {
      connection.endTransfer();
    }
  }

  /** What follows a literal that was read to its end, up to the next one. */
  async following(): Promise<Decoder> {
    if (!this.#lineDue || this.#left > 0) throw new MailError('bug', 'bug', 'No line to read behind a literal');
    const { connection, limits } = this.#session;
    const line = await this.#transfer(() => connection.readLine());
    this.#lineDue = false;
    const announced = announcedLiteral(line);
    this.#literal = announced?.literal;
    const piece = announced ? { text: line.subarray(0, announced.end), announced: announced.literal } : { text: line };
    return new Decoder([piece], limits, this.#session.utf8);
  }

  /** Reads over what the command left unread but the client sends all the same, so that the next command is read from its start. */
  async skipRest(): Promise<void> {
    const { connection } = this.#session;
    for (;;) {
      if (this.#left > 0) await this.#transfer(() => connection.skip(this.#left));
      this.#left = 0;
      if (this.#lineDue) await this.following();
      const literal = this.#literal;
      this.#literal = undefined;
      // Who waits to be asked for it will not send it now.
      if (literal?.nonSync !== true) return;
      await this.#discard(literal.size);
      this.#lineDue = true;
    }
  }

  /** The next line; answers go out before it is waited for. */
  #line(): Buffer | Promise<Buffer> {
    const { connection, out } = this.#session;
    const ready = connection.readLine();
    if (ready instanceof Promise) out.flush();
    return ready;
  }

  /** Tag and name; throws when there is no such command now. */
  #head(d: Decoder): { tag: string; command: AnyCommand } {
    const tag = d.tag();
    if (tag.length > 64) throw malformed('tag too long');
    this.tag = tag;
    const command = commandNamed(d.sp());
    if (command === undefined) throw malformed('unknown command');
    this.name = command.name;
    if (!command.states.includes(this.#session.state)) throw malformed(`${command.name} is not possible in this state`);
    if (command.byNumber === true && this.#session.uidOnly) throw uidRequired();
    return { tag, command };
  }

  #parse(command: AnyCommand, pieces: readonly Piece[]): unknown {
    const d = new Decoder(pieces, this.#session.limits, this.#session.utf8);
    d.tag();
    commandNamed(d.sp());
    return command.parse(d, this.#session);
  }

  async #transfer<T>(read: () => T | Promise<T>): Promise<T> {
    const { connection } = this.#session;
    connection.beginTransfer();
    try {
      return await read();
    } finally {
      connection.endTransfer();
    }
  }

  /** Reads over a literal that is refused but already on its way. */
  async #discard(size: number): Promise<void> {
    const { connection, limits, out } = this.#session;
    if (size > limits.discard) {
      out.line('* BYE [TOOBIG] The literal is too large');
      out.flush();
      throw new ConnectionError('closed', 'a literal too large to read over');
    }
    await this.#transfer(() => connection.skip(size));
  }

  #continue(): void {
    const { out } = this.#session;
    out.line('+ Ready');
    out.flush();
  }
}
