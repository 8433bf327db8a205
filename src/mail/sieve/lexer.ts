/** The words of a script (RFC 5228 §2). Lines may end in LF alone. */
import { type Position, problemAt, shown } from './error.ts';
import { SIEVE_LIMITS } from './limits.ts';

export type Token = Position &
  (
    | { readonly kind: 'identifier'; readonly text: string }
    /** Lower case, without its colon. */
    | { readonly kind: 'tag'; readonly text: string }
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'string'; readonly text: string }
    | { readonly kind: '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' }
    | { readonly kind: 'end' }
  );

const PUNCTUATION = '()[]{},;';
const UNITS = new Map([
  ['k', 2 ** 10],
  ['m', 2 ** 20],
  ['g', 2 ** 30],
]);

export class Lexer {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** `end` again and again once everything was read. Throws `SieveError`. */
  next(): Token {
    this.#skipBlanks();
    const text = this.#text;
    const where = this.#position();
    if (this.#at >= text.length) return { kind: 'end', ...where };
    const character = text[this.#at]!;
    if (PUNCTUATION.includes(character)) {
      this.#at += 1;
      return { kind: character as '(', ...where };
    }
    if (character === '"') return { kind: 'string', text: this.#quoted(where), ...where };
    if (character === ':') {
      this.#at += 1;
      const name = this.#word();
      if (name === '' || isDigit(name.charCodeAt(0))) throw problemAt(where, "':' without the name of a tag");
      return { kind: 'tag', text: name.toLowerCase(), ...where };
    }
    if (isDigit(character.charCodeAt(0))) return { kind: 'number', value: this.#number(where), ...where };
    const word = this.#word();
    if (word === '') throw problemAt(where, `unexpected character ${JSON.stringify(shown(character))}`);
    if (word.toLowerCase() === 'text' && text[this.#at] === ':') {
      this.#at += 1;
      return { kind: 'string', text: this.#multiLine(where), ...where };
    }
    return { kind: 'identifier', text: word, ...where };
  }

  #position(): Position {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #newLine(): void {
    this.#line += 1;
    this.#lineStart = this.#at;
  }

  /** White space and comments. */
  #skipBlanks(): void {
    const text = this.#text;
    for (; this.#at < text.length; ) {
      const character = text[this.#at];
      if (character === '\n') {
        this.#at += 1;
        this.#newLine();
      } else if (character === ' ' || character === '\t' || character === '\r') this.#at += 1;
      else if (character === '#') this.#at = this.#lineEnd();
      else if (character === '/' && text[this.#at + 1] === '*') this.#bracketComment();
      else return;
    }
  }

  #bracketComment(): void {
    const where = this.#position();
    const end = this.#text.indexOf('*/', this.#at + 2);
    if (end < 0) throw problemAt(where, 'a comment that does not end');
    this.#moveTo(end + 2);
  }

  /** Counting the lines on the way. */
  #moveTo(end: number): void {
    // Not beyond the end: a script may be one long line.
    const passed = this.#text.slice(this.#at, end);
    const start = this.#at;
    for (let lf = passed.indexOf('\n'); lf >= 0; lf = passed.indexOf('\n', lf + 1)) {
      this.#at = start + lf + 1;
      this.#newLine();
    }
    this.#at = end;
  }

  /** Where the LF of this line is, or the end. */
  #lineEnd(): number {
    const lf = this.#text.indexOf('\n', this.#at);
    return lf < 0 ? this.#text.length : lf;
  }

  #word(): string {
    const from = this.#at;
    while (isWordCharacter(this.#text.charCodeAt(this.#at))) this.#at += 1;
    return this.#text.slice(from, this.#at);
  }

  #number(where: Position): number {
    const word = this.#word().toLowerCase();
    const unit = UNITS.get(word.at(-1)!);
    const digits = unit === undefined ? word : word.slice(0, -1);
    const value = Number(digits) * (unit ?? 1);
    if (!/^[0-9]+$/.test(digits)) throw problemAt(where, `${shown(word)} is not a number`);
    if (!Number.isSafeInteger(value)) throw problemAt(where, `the number ${shown(word)} is too large`);
    return value;
  }

  #quoted(where: Position): string {
    const text = this.#text;
    let content = '';
    let from = this.#at + 1;
    for (let i = from; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      if (code === 0x5c) {
        // Of characters that need none, the backslash is dropped (RFC 5228 §2.4.2).
        content += text.slice(from, i);
        from = i + 1;
        i += 1;
      } else if (code === 0x22) {
        content += text.slice(from, i);
        this.#moveTo(i + 1);
        return checked(content, where);
      }
    }
    throw problemAt(where, 'a string that does not end');
  }

  /** What stands between `text:` and the line with a dot. */
  #multiLine(where: Position): string {
    const text = this.#text;
    const lines: string[] = [];
    const rest = text.slice(this.#at, this.#lineEnd()).trim();
    if (rest !== '' && !rest.startsWith('#'))
      throw problemAt(this.#position(), "nothing may follow 'text:' on its line");
    this.#at = this.#lineEnd();
    while (this.#at < text.length) {
      this.#at += 1;
      this.#newLine();
      const end = this.#lineEnd();
      const line = text.slice(this.#at, text[end - 1] === '\r' && end > this.#at ? end - 1 : end);
      this.#at = end;
      if (line === '.') return checked(lines.join(''), where);
      lines.push(`${line.startsWith('..') ? line.slice(1) : line}\r\n`);
    }
    throw problemAt(where, "a text that does not end with a line that is a '.'");
  }
}

function checked(text: string, where: Position): string {
  if (text.length > SIEVE_LIMITS.string)
    throw problemAt(where, `a string of more than ${SIEVE_LIMITS.string} characters`);
  return text;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isWordCharacter(code: number): boolean {
  return isDigit(code) || code === 0x5f || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}
