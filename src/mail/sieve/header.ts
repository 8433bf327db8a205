/** A mail's header as a script sees it, and changes it (RFC 5293). Never changes itself: an edit makes another one. */
import { parseAddressList } from '../address.ts';
import { HeaderBlock } from '../header.ts';
import { decodeEightBit, decodeWords, encodeWords } from '../words.ts';

const LINE = 76;

export interface FieldAddress {
  readonly local: string;
  /** '' when there is none. */
  readonly domain: string;
}

export class SieveField {
  /** Lower case. */
  readonly name: string;
  /** The whole field with its line end, one character per byte. */
  readonly raw: string;
  /** Unfolded and trimmed, one character per byte. */
  readonly value: string;
  #text: string | undefined;
  #addresses: readonly FieldAddress[] | undefined;

  constructor(name: string, raw: string, value: string) {
    this.name = name;
    this.raw = raw;
    this.value = value;
  }

  /** With encoded words decoded. */
  get text(): string {
    return (this.#text ??= decodeWords(this.value).trim());
  }

  /** Those that a reader would see, groups with their members. Rules ask for the same ones again and again. */
  get addresses(): readonly FieldAddress[] {
    return (this.#addresses ??= addressesOf(this.value));
  }
}

export class SieveHeader {
  readonly #named = new Map<string, readonly SieveField[]>();
  readonly fields: readonly SieveField[];
  /** It is not as it was received. */
  readonly edited: boolean;

  private constructor(fields: readonly SieveField[], edited: boolean) {
    this.fields = fields;
    this.edited = edited;
  }

  static parse(bytes: Uint8Array): SieveHeader {
    const block = HeaderBlock.parse(bytes);
    const fields = block.fields.map((field) => {
      const raw = block.text.slice(field.start, field.end);
      return new SieveField(field.name, raw.endsWith('\n') ? raw : `${raw}\r\n`, block.valueOf(field));
    });
    return new SieveHeader(fields, false);
  }

  /** All fields of this name, in order. */
  all(name: string): readonly SieveField[] {
    return this.#named.getOrInsertComputed(name, () => {
      const lower = name.toLowerCase();
      return this.fields.filter((field) => field.name === lower);
    });
  }

  /** `name` as it shall be written; `value` any text. */
  with(name: string, value: string, last: boolean): SieveHeader {
    const field = makeField(name, value);
    return new SieveHeader(last ? [...this.fields, field] : [field, ...this.fields], true);
  }

  without(dropped: ReadonlySet<SieveField>): SieveHeader {
    if (dropped.size === 0) return this;
    return new SieveHeader(
      this.fields.filter((field) => !dropped.has(field)),
      true,
    );
  }

  /** As bytes, with the empty line. */
  bytes(): Buffer {
    return Buffer.from(`${this.fields.map((field) => field.raw).join('')}\r\n`, 'latin1');
  }
}

function addressesOf(value: string): FieldAddress[] {
  const found: FieldAddress[] = [];
  for (const entry of parseAddressList(value))
    if (entry.kind === 'mailbox' && (entry.local !== '' || entry.domain !== ''))
      found.push({ local: decodeEightBit(entry.local, ''), domain: decodeEightBit(entry.domain, '') });
  return found;
}

/** What is not plain ASCII becomes encoded words; lines are folded at blanks. */
function makeField(name: string, value: string): SieveField {
  const text = value
    .replaceAll(/\r?\n(?=[ \t])/g, '')
    .replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ')
    .toWellFormed()
    .trim(); // prettier-ignore
  const plain = /^[\x20-\x7e]*$/.test(text) && !text.includes('=?');
  const encoded = plain ? text : encodeWords(text);
  const lines: string[] = [];
  let line = `${name}:`;
  for (const word of encoded.split(' ')) {
    if (line.length + word.length + 1 > LINE && line.trim() !== '' && word !== '' && line !== `${name}:`) {
      lines.push(line);
      line = '';
    }
    line += ` ${word}`;
  }
  return new SieveField(name.toLowerCase(), `${[...lines, line].join('\r\n')}\r\n`, encoded);
}
