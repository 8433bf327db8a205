/** Folded text as units of UTF-16, in a buffer that is used again: for those who go through much text. */
import { fold } from './fold.ts';

/** What becomes of a unit of its own: the unit of the other table, something of another length, or it depends on its neighbours. */
const Kind = { unit: 0, other: 1, pair: 2, context: 3 } as const;

/** Composes with what is before it (NFC), or joins it in folding. */
const CONTEXT = /[\p{M}\u1161-\u1175\u11a8-\u11c2\uff66-\uff9f\u{16d60}-\u{16d6f}]/u;

interface Tables {
  readonly kinds: Uint8Array;
  readonly units: Uint16Array;
}
let tables: Tables | undefined;

/** Made when first asked for. */
function foldTables(): Tables {
  if (tables) return tables;
  const kinds = new Uint8Array(0x10000);
  const units = new Uint16Array(0x10000);
  for (let code = 0; code < 0x10000; code++) {
    units[code] = code;
    if ((code >= 0x3400 && code <= 0x9fff) || (code >= 0xac00 && code <= 0xd7a3)) continue;
    const text = String.fromCharCode(code);
    if (code >= 0xd800 && code <= 0xdfff) kinds[code] = Kind.pair;
    else if (CONTEXT.test(text)) kinds[code] = Kind.context;
    else {
      const folded = fold(text);
      if (folded.length === 1) units[code] = folded.charCodeAt(0);
      else kinds[code] = Kind.other;
    }
  }
  return (tables = { kinds, units });
}

const MOST_REMEMBERED = 10_000;

export class FoldedText {
  units = new Uint16Array(4096);
  length = 0;
  readonly #others = new Map<number, string | undefined>();

  /** The same as `fold` makes of it. */
  set(text: string): void {
    if (!this.#characters(text)) this.#whole(fold(text));
  }

  /** Each character on its own; false when one does not stand alone. */
  #characters(text: string): boolean {
    const { kinds, units } = foldTables();
    this.length = 0;
    this.#room(text.length);
    let to = this.units;
    let at = 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      const kind = kinds[unit]!;
      if (kind === Kind.unit) {
        to[at++] = units[unit]!;
        continue;
      }
      if (kind === Kind.context) return false;
      const code = kind === Kind.pair ? text.codePointAt(i)! : unit;
      if (code > 0xffff) i++;
      const folded = this.#other(code);
      if (folded === undefined) return false;
      this.length = at;
      this.#room(folded.length + text.length - i);
      to = this.units;
      for (let j = 0; j < folded.length; j++) to[at++] = folded.charCodeAt(j);
    }
    this.length = at;
    return true;
  }

  /** Undefined when its neighbours matter. */
  #other(code: number): string | undefined {
    const known = this.#others.get(code);
    if (known !== undefined) return known;
    const text = String.fromCodePoint(code);
    if (CONTEXT.test(text)) return undefined;
    const folded = fold(text);
    if (this.#others.size >= MOST_REMEMBERED) this.#others.clear();
    this.#others.set(code, folded);
    return folded;
  }

  #whole(folded: string): void {
    this.length = 0;
    this.#room(folded.length);
    for (let i = 0; i < folded.length; i++) this.units[i] = folded.charCodeAt(i);
    this.length = folded.length;
  }

  /** For so many more. */
  #room(count: number): void {
    if (this.length + count <= this.units.length) return;
    const larger = new Uint16Array(Math.max(this.length + count, 2 * this.units.length));
    larger.set(this.units.subarray(0, this.length));
    this.units = larger;
  }
}
