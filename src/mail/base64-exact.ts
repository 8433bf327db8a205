/**
 * Base64 bodies that can be kept decoded and rebuilt byte for byte. Nearly all are: lines of one length, one kind of
 * line end, and some blank lines. For the others there is no recipe, and they are kept as received.
 */

/** How the encoded body was laid out. JSON-able. */
export interface Base64Recipe {
  /** Characters of each line but the last; 0 = a single line. */
  readonly lineLength: number;
  readonly eol: '\r\n' | '\n';
  /** After the last character: '', a line end, blank lines. White space only. */
  readonly tail: string;
}

const MAX_TAIL = 1000;
const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);

/**
 * Feed it the encoded body; out come decoded bytes; at the end the recipe, or undefined when rebuilding would not give
 * the same bytes. Once that is certain (`failed`), nothing more comes out.
 */
export class ExactBase64Decoder {
  /** Characters without line ends whose group is not complete, or may be the last. */
  #held: Buffer = NOTHING;
  #lineLength = 0;
  #eol: Base64Recipe['eol'] | undefined;
  /** Characters in the current line. */
  #column = 0;
  /** White space since the last character. */
  #tail = '';
  #any = false;
  #failed = false;

  get failed(): boolean {
    return this.#failed;
  }

  push(encoded: Uint8Array): Buffer {
    if (this.#failed) return NOTHING;
    const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
    const characters = Buffer.allocUnsafe(this.#held.length + bytes.length);
    let length = this.#held.copy(characters, 0);
    let position = 0;
    while (position < bytes.length) {
      const first = bytes[position]!;
      if (isBlank(first)) {
        if (!this.#any || this.#tail.length >= MAX_TAIL) return this.#fail();
        this.#tail += String.fromCharCode(first);
        position += 1;
        continue;
      }
      if (this.#tail !== '' && !this.#nextLine()) return this.#fail();
      let end = bytes.indexOf(LF, position);
      if (end < 0) end = bytes.length;
      while (end > position && isBlank(bytes[end - 1]!)) end -= 1;
      length += bytes.copy(characters, length, position, end);
      this.#column += end - position;
      this.#any = true;
      if (this.#lineLength > 0 && this.#column > this.#lineLength) return this.#fail();
      position = end;
    }
    // The last group may be padded, and is checked at the end.
    const whole = Math.max(0, (length - 1) & ~3);
    const group = characters.subarray(0, whole);
    this.#held = Buffer.from(characters.subarray(whole, length));
    if (whole === 0) return NOTHING;
    if (group.includes(0x2d) || group.includes(0x5f)) return this.#fail(); // the URL alphabet decodes, too
    const decoded = Buffer.from(group.toString('latin1'), 'base64');
    return decoded.length === (whole / 4) * 3 ? decoded : this.#fail();
  }

  end(): { readonly rest: Buffer; readonly recipe: Base64Recipe | undefined } {
    if (this.#failed || !this.#any) return { rest: NOTHING, recipe: undefined };
    const text = this.#held.toString('latin1');
    const rest = Buffer.from(text, 'base64');
    if (rest.toString('base64') !== text) {
      this.#failed = true;
      return { rest: NOTHING, recipe: undefined };
    }
    return { rest, recipe: { lineLength: this.#lineLength, eol: this.#eol ?? '\r\n', tail: this.#tail } };
  }

  /** A character comes after white space: that must have been the line end between two full lines. */
  #nextLine(): boolean {
    const eol = this.#tail;
    this.#tail = '';
    if (eol !== '\r\n' && eol !== '\n') return false;
    if (this.#eol === undefined) {
      this.#eol = eol;
      this.#lineLength = this.#column;
    }
    const full = eol === this.#eol && this.#column === this.#lineLength;
    this.#column = 0;
    return full;
  }

  #fail(): Buffer {
    this.#failed = true;
    this.#held = NOTHING;
    return NOTHING;
  }
}

function isBlank(byte: number): boolean {
  return byte === LF || byte === CR || byte === 0x20 || byte === 0x09;
}

/** Bytes of the encoded body that this many decoded bytes give. */
export function encodedSize(recipe: Base64Recipe, decodedSize: number): number {
  return offsetOf(recipe, Math.ceil(decodedSize / 3) * 4) + recipe.tail.length;
}

/** Offset in the encoded body after this many characters. */
function offsetOf(recipe: Base64Recipe, characters: number): number {
  if (recipe.lineLength === 0 || characters === 0) return characters;
  return characters + Math.floor((characters - 1) / recipe.lineLength) * recipe.eol.length;
}

/**
 * To get the encoded bytes from `offset` on: where to begin in the decoded ones, and how many encoded ones to skip.
 */
export function decodedStart(
  recipe: Base64Recipe,
  decodedSize: number,
  offset: number,
): { readonly from: number; readonly skip: number } {
  const period = recipe.lineLength + recipe.eol.length;
  const characters =
    recipe.lineLength === 0
      ? offset
      : Math.floor(offset / period) * recipe.lineLength + Math.min(offset % period, recipe.lineLength);
  const before = Math.min(characters, Math.ceil(decodedSize / 3) * 4);
  const groups = Math.max(0, Math.floor((before - 1) / 4));
  return { from: groups * 3, skip: offset - offsetOf(recipe, groups * 4) };
}

/** Encodes decoded bytes the way they were; `from`: where in the decoded bytes it begins, a multiple of 3. */
export class Base64Encoder {
  readonly #recipe: Base64Recipe;
  readonly #eol: Buffer;
  #column: number;
  #held: Buffer = NOTHING;

  constructor(recipe: Base64Recipe, from = 0) {
    this.#recipe = recipe;
    this.#eol = Buffer.from(recipe.eol);
    const characters = (from / 3) * 4;
    // A full line breaks when its next character comes.
    this.#column = characters === 0 || recipe.lineLength === 0 ? 0 : ((characters - 1) % recipe.lineLength) + 1;
  }

  push(decoded: Uint8Array): Buffer {
    const chunk = Buffer.from(decoded.buffer, decoded.byteOffset, decoded.byteLength);
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const whole = bytes.length - (bytes.length % 3);
    this.#held = Buffer.from(bytes.subarray(whole));
    return this.#wrap(bytes.toString('base64', 0, whole));
  }

  end(): Buffer {
    const rest = this.#wrap(this.#held.toString('base64'));
    this.#held = NOTHING;
    return Buffer.concat([rest, Buffer.from(this.#recipe.tail, 'latin1')]);
  }

  #wrap(text: string): Buffer {
    const { lineLength } = this.#recipe;
    if (lineLength === 0) return Buffer.from(text, 'latin1');
    const characters = Buffer.from(text, 'latin1');
    const breaks = Math.ceil((this.#column + characters.length) / lineLength);
    const out = Buffer.allocUnsafe(characters.length + breaks * this.#eol.length);
    let length = 0;
    let position = 0;
    while (position < characters.length) {
      if (this.#column === lineLength) {
        length += this.#eol.copy(out, length);
        this.#column = 0;
      }
      const end = Math.min(characters.length, position + lineLength - this.#column);
      length += characters.copy(out, length, position, end);
      this.#column += end - position;
      position = end;
    }
    return out.subarray(0, length);
  }
}
