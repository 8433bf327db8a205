/** The mail that a script looks at. */
import type { Part } from '../message.ts';
import { decodeBody } from '../encoding.ts';
import { decodeCharset } from '../charset.ts';
import { decodeText, readableText } from '../text.ts';
import { SieveHeader } from './header.ts';
import { SIEVE_LIMITS } from './limits.ts';

export interface SieveEnvelope {
  /** '' for the null sender. */
  readonly from: string;
  readonly to: string;
}

export interface SieveInput {
  readonly envelope: SieveEnvelope;
  /** Bytes of the whole message. */
  readonly size: number;
  /** Offsets into the whole message. */
  readonly structure: Part;
  /** Bytes of the whole message from `start` to `end`. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** Bytes of a header that are looked at. */
const MAX_HEADER = 1 << 20;

export class SieveMessage {
  readonly envelope: SieveEnvelope;
  readonly size: number;
  readonly structure: Part;
  readonly original: SieveHeader;
  readonly #read: SieveInput['read'];
  readonly #texts = new Map<Part, Promise<string>>();
  readonly #readable = new Map<Part, Promise<string>>();
  #left = SIEVE_LIMITS.bodyBytes;

  private constructor(input: SieveInput, header: SieveHeader) {
    this.envelope = input.envelope;
    this.size = input.size;
    this.structure = input.structure;
    this.original = header;
    this.#read = (start, end) => input.read(start, end);
  }

  static async open(input: SieveInput): Promise<SieveMessage> {
    const bytes = await input.read(0, Math.min(input.structure.bodyStart, MAX_HEADER));
    return new SieveMessage(input, SieveHeader.parse(bytes));
  }

  /** What is in a part, in the order of the mail: without one, of the whole mail. `whole`: with the part itself. */
  parts(of: Part | undefined, whole = of === undefined): readonly Part[] {
    const root = of ?? this.structure;
    const found: Part[] = [root];
    for (let i = 0; i < found.length && found.length < SIEVE_LIMITS.parts; i += 1) found.push(...found[i]!.children);
    const sorted = found.slice(0, SIEVE_LIMITS.parts).toSorted((a, b) => a.headerStart - b.headerStart);
    return whole ? sorted : sorted.filter((part) => part !== root);
  }

  /** The header block of a part. */
  async headerOf(part: Part): Promise<SieveHeader> {
    const end = Math.min(part.bodyStart, part.headerStart + MAX_HEADER);
    return SieveHeader.parse(await this.#bytes(part.headerStart, end));
  }

  /** The body as it was sent, as far as it is looked at. */
  async rawBody(): Promise<string> {
    const { bodyStart, bodyEnd } = this.structure;
    return decodeCharset(await this.#bytes(bodyStart, Math.min(bodyEnd, bodyStart + SIEVE_LIMITS.bodyBytes)), '');
  }

  /** What a person reads of a text part: charset and transfer encoding undone, HTML made text. Kept: rules ask for the same again and again. */
  readable(part: Part): Promise<string> {
    return this.#readable.getOrInsertComputed(part, async () => readableText(part, await this.#partBytes(part)));
  }

  /** A part's content with its transfer encoding undone, and text in its charset. Kept: many tests ask for the same. */
  content(part: Part): Promise<string> {
    let text = this.#texts.get(part);
    if (text === undefined) {
      text = this.#content(part);
      this.#texts.set(part, text);
    }
    return text;
  }

  async #content(part: Part): Promise<string> {
    if (part.type === 'multipart') return this.#aroundParts(part);
    const [child] = part.children;
    // Of a mail in a mail, its header (RFC 5173 §5.2).
    if (child !== undefined) return decodeCharset(await this.#bytes(child.headerStart, child.bodyStart), '');
    const bytes = await this.#partBytes(part);
    if (part.type === 'text') return decodeText(part, bytes);
    return decodeCharset(decodeBody(Buffer.from(bytes), part.encoding), '');
  }

  /** What stands before and after the parts of a multipart (RFC 5173 §5.2). */
  async #aroundParts(part: Part): Promise<string> {
    const first = part.children[0]?.headerStart ?? part.bodyEnd;
    const last = part.children.at(-1)?.bodyEnd ?? part.bodyEnd;
    const around = Buffer.concat([await this.#bytes(part.bodyStart, first), await this.#bytes(last, part.bodyEnd)]);
    const delimiter = `--${part.params.get('boundary') ?? ''}`;
    const lines = decodeCharset(around, '').split('\n');
    return lines.filter((line) => !line.startsWith(delimiter)).join('\n');
  }

  #partBytes(part: Part): Promise<Uint8Array> {
    return this.#bytes(part.bodyStart, Math.min(part.bodyEnd, part.bodyStart + SIEVE_LIMITS.partBytes));
  }

  /** No more in all than a script may look at. */
  async #bytes(start: number, end: number): Promise<Uint8Array> {
    const length = Math.min(end - start, this.#left);
    if (length <= 0) return new Uint8Array(0);
    this.#left -= length;
    return this.#read(start, start + length);
  }
}
