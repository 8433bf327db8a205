/** A POSIX extended regular expression (IEEE 1003.1, chapter 9.4) as instructions that `regex.ts` follows. */
import { SIEVE_LIMITS } from './limits.ts';

export type Instruction =
  /** Reads a character that it has, then goes on behind itself. */
  | { readonly op: 'set'; readonly has: (codePoint: number) => boolean }
  | { readonly op: 'jump'; readonly to: number }
  /** Both; the first is preferred. */
  | { readonly op: 'split'; readonly first: number; readonly second: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'start' | 'end' | 'match' };

export interface Program {
  readonly code: readonly Instruction[];
  /** Parentheses. */
  readonly groups: number;
}

type Tree =
  | { readonly kind: 'empty' | 'start' | 'end' }
  | { readonly kind: 'set'; readonly has: (codePoint: number) => boolean }
  | { readonly kind: 'group'; readonly number: number; readonly inner: Tree }
  | { readonly kind: 'sequence' | 'choice'; readonly items: readonly Tree[] }
  | { readonly kind: 'repeat'; readonly inner: Tree; readonly least: number; readonly most: number };

/** Groups in groups. */
const MAX_DEPTH = 50;
const CLASSES = new Map<string, (c: number) => boolean>([
  ['alpha', (c) => isLetter(c)],
  ['digit', (c) => isDigit(c)],
  ['alnum', (c) => isLetter(c) || isDigit(c)],
  ['upper', (c) => (c < 128 ? c >= 65 && c <= 90 : /^\p{Lu}$/u.test(String.fromCodePoint(c)))],
  ['lower', (c) => (c < 128 ? c >= 97 && c <= 122 : /^\p{Ll}$/u.test(String.fromCodePoint(c)))],
  ['space', (c) => c === 32 || (c >= 9 && c <= 13)],
  ['blank', (c) => c === 32 || c === 9],
  ['punct', (c) => c > 32 && c < 127 && !isLetter(c) && !isDigit(c)],
  ['print', (c) => c >= 32 && c !== 127],
  ['graph', (c) => c > 32 && c !== 127],
  ['cntrl', (c) => c < 32 || c === 127],
  ['xdigit', (c) => isDigit(c) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102)],
]);

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

function isLetter(c: number): boolean {
  return c < 128 ? (c | 32) >= 97 && (c | 32) <= 122 : /^\p{L}$/u.test(String.fromCodePoint(c));
}

/** Throws an `Error` that says what is wrong. */
export function parseRegex(pattern: string, ignoreCase: boolean): Program {
  if (pattern.length > SIEVE_LIMITS.pattern) throw new Error(`it is longer than ${SIEVE_LIMITS.pattern} characters`);
  const parser = new Parser(pattern, ignoreCase);
  const tree = parser.parse();
  const code: Instruction[] = [{ op: 'save', slot: 0 }];
  emit(tree, code);
  code.push({ op: 'save', slot: 1 }, { op: 'match' });
  return { code, groups: parser.groups };
}

class Parser {
  readonly #characters: readonly string[];
  readonly #ignoreCase: boolean;
  #at = 0;
  groups = 0;

  constructor(pattern: string, ignoreCase: boolean) {
    this.#characters = Array.from(pattern);
    this.#ignoreCase = ignoreCase;
  }

  parse(): Tree {
    const tree = this.#choice(0);
    if (this.#at < this.#characters.length) throw new Error("a ')' without its '('");
    return tree;
  }

  get #here(): string | undefined {
    return this.#characters[this.#at];
  }

  #is(character: string): boolean {
    return this.#here === character;
  }

  #choice(depth: number): Tree {
    if (depth > MAX_DEPTH) throw new Error(`groups are nested deeper than ${MAX_DEPTH} levels`);
    const items = [this.#sequence(depth)];
    while (this.#here === '|') {
      this.#at += 1;
      items.push(this.#sequence(depth));
    }
    return items.length === 1 ? items[0]! : { kind: 'choice', items };
  }

  #sequence(depth: number): Tree {
    const items: Tree[] = [];
    while (this.#here !== undefined && this.#here !== '|' && this.#here !== ')') items.push(this.#repeated(depth));
    return items.length === 0 ? { kind: 'empty' } : { kind: 'sequence', items };
  }

  #repeated(depth: number): Tree {
    let tree = this.#atom(depth);
    for (let times = 0; ; times += 1) {
      const here = this.#here;
      if (here !== '*' && here !== '+' && here !== '?' && here !== '{') return tree;
      if (times >= MAX_DEPTH) throw new Error('too many repetitions of repetitions');
      this.#at += 1;
      const [least, most] =
        here === '{' ? this.#bounds() : here === '*' ? [0, Infinity] : here === '+' ? [1, Infinity] : [0, 1];
      // Nothing, however often, must not cost anything when it is spelled out.
      const isNothing = tree.kind === 'empty' || most === 0;
      tree = isNothing ? { kind: 'empty' } : { kind: 'repeat', inner: tree, least: least!, most: most! };
    }
  }

  /** `m}`, `m,}` or `m,n}`. */
  #bounds(): [number, number] {
    const least = this.#count();
    let most = least;
    if (this.#here === ',') {
      this.#at += 1;
      most = this.#is('}') ? Infinity : this.#count();
    }
    if (!this.#is('}')) throw new Error("a '{' that does not begin '{m}', '{m,}' or '{m,n}'");
    this.#at += 1;
    if (most < least) throw new Error(`{${least},${most}} asks for more than it allows`);
    return [least, most];
  }

  #count(): number {
    let digits = '';
    while (this.#here !== undefined && isDigit(this.#here.codePointAt(0)!) && digits.length < 6) {
      digits += this.#here;
      this.#at += 1;
    }
    if (digits === '') throw new Error("a '{' that does not begin '{m}', '{m,}' or '{m,n}'");
    if (Number(digits) > SIEVE_LIMITS.repetitions)
      throw new Error(`more than ${SIEVE_LIMITS.repetitions} repetitions are asked for`);
    return Number(digits);
  }

  #atom(depth: number): Tree {
    const here = this.#here!;
    this.#at += 1;
    switch (here) {
      case '(': {
        this.groups += 1;
        const number = this.groups;
        const inner = this.#choice(depth + 1);
        if (this.#here !== ')') throw new Error("a '(' without its ')'");
        this.#at += 1;
        return { kind: 'group', number, inner };
      }
      case '.':
        return { kind: 'set', has: () => true };
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '[':
        return this.#bracket();
      case '*':
      case '+':
      case '?':
      case '{':
        throw new Error(`a '${here}' with nothing to repeat`);
      case '\\': {
        const escaped = this.#here;
        if (escaped === undefined) throw new Error('a backslash at the end');
        this.#at += 1;
        return this.#character(escaped);
      }
      default:
        return this.#character(here);
    }
  }

  #character(text: string): Tree {
    const code = text.codePointAt(0)!;
    return this.#set((c) => c === code);
  }

  #set(has: (codePoint: number) => boolean): Tree {
    if (!this.#ignoreCase) return { kind: 'set', has };
    return { kind: 'set', has: (c) => has(c) || (isAsciiLetter(c) && has(c ^ 32)) };
  }

  /** `[...]`, after its '['. */
  #bracket(): Tree {
    const negated = this.#here === '^';
    if (negated) this.#at += 1;
    const tests: ((c: number) => boolean)[] = [];
    const single = new Set<number>();
    for (let first = true; first || this.#here !== ']'; first = false) {
      if (this.#here === undefined) throw new Error("a '[' without its ']'");
      const named = this.#named();
      if (named?.kind === 'class') {
        tests.push(named.has);
        continue;
      }
      const low = named?.code ?? this.#characters[this.#at++]!.codePointAt(0)!;
      const after = this.#characters[this.#at + 1];
      if (this.#here === '-' && after !== undefined && after !== ']') {
        this.#at += 1;
        const end = this.#named();
        if (end?.kind === 'class') throw new Error('a class of characters cannot end a range');
        const high = end?.code ?? this.#characters[this.#at++]!.codePointAt(0)!;
        if (high < low) throw new Error('a range in brackets that is the wrong way round');
        tests.push((c) => c >= low && c <= high);
      } else single.add(low);
    }
    this.#at += 1;
    if (single.size > 0) tests.push((c) => single.has(c));
    const inside = (c: number): boolean => tests.some((has) => has(c));
    const folded = this.#ignoreCase ? (c: number) => inside(c) || (isAsciiLetter(c) && inside(c ^ 32)) : inside;
    return { kind: 'set', has: negated ? (c) => !folded(c) : folded };
  }

  /** `[:alpha:]`, `[.a.]` or `[=a=]` inside brackets. */
  #named(): { kind: 'class'; has: (c: number) => boolean } | { kind: 'character'; code: number } | undefined {
    const mark = this.#characters[this.#at + 1];
    if (this.#here !== '[' || (mark !== ':' && mark !== '.' && mark !== '=')) return undefined;
    let end = this.#at + 2;
    while (end < this.#characters.length && !(this.#characters[end] === mark && this.#characters[end + 1] === ']'))
      end += 1;
    if (end >= this.#characters.length) throw new Error(`a '[${mark}' without its '${mark}]'`);
    const name = this.#characters.slice(this.#at + 2, end).join('');
    this.#at = end + 2;
    if (mark === ':') {
      const has = CLASSES.get(name);
      if (has === undefined) throw new Error(`there is no class of characters [:${name.slice(0, 20)}:]`);
      return { kind: 'class', has };
    }
    const code = name.codePointAt(0);
    if (code === undefined || Array.from(name).length !== 1) throw new Error(`[${mark}${mark}] holds one character`);
    return { kind: 'character', code };
  }
}

function isAsciiLetter(c: number): boolean {
  return (c >= 65 && c <= 90) || (c >= 97 && c <= 122);
}

/** The tree's depth is bounded, so this cannot recurse without end; and each instruction counts. */
function emit(tree: Tree, code: Instruction[]): void {
  if (code.length > SIEVE_LIMITS.states) throw new Error('it is too complicated');
  switch (tree.kind) {
    case 'empty':
      return;
    case 'start':
    case 'end':
      code.push({ op: tree.kind });
      return;
    case 'set':
      code.push({ op: 'set', has: tree.has });
      return;
    case 'group':
      code.push({ op: 'save', slot: tree.number * 2 });
      emit(tree.inner, code);
      code.push({ op: 'save', slot: tree.number * 2 + 1 });
      return;
    case 'sequence':
      for (const item of tree.items) emit(item, code);
      return;
    case 'choice':
      choice(tree.items, code);
      return;
    case 'repeat':
      repeat(tree.inner, tree.least, tree.most, code);
  }
}

function choice(items: readonly Tree[], code: Instruction[]): void {
  const ends: number[] = [];
  for (const [i, item] of items.entries()) {
    if (i === items.length - 1) {
      emit(item, code);
      break;
    }
    const split = code.push(SOON) - 1;
    emit(item, code);
    ends.push(code.push(SOON) - 1);
    code[split] = { op: 'split', first: split + 1, second: code.length };
  }
  for (const end of ends) code[end] = { op: 'jump', to: code.length };
}

function repeat(inner: Tree, least: number, most: number, code: Instruction[]): void {
  for (let i = 0; i < least; i += 1) emit(inner, code);
  if (most === Infinity) {
    const split = code.push(SOON) - 1;
    emit(inner, code);
    code.push({ op: 'jump', to: split });
    code[split] = { op: 'split', first: split + 1, second: code.length };
    return;
  }
  const splits: number[] = [];
  for (let i = least; i < most; i += 1) {
    splits.push(code.push(SOON) - 1);
    emit(inner, code);
  }
  for (const split of splits) code[split] = { op: 'split', first: split + 1, second: code.length };
}

/** Stands where an instruction comes once its target is known. */
const SOON: Instruction = { op: 'match' };
