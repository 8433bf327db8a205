/** The grammar of a script (RFC 5228 §8.2): what it is built of, not whether it makes sense. */
import { type Position, problemAt, shown } from './error.ts';
import { Lexer, type Token } from './lexer.ts';
import { SIEVE_LIMITS } from './limits.ts';

export type Argument = Position &
  (
    | { readonly kind: 'tag'; readonly name: string }
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'strings'; readonly items: readonly Text[]; readonly isList: boolean }
  );

export interface Text extends Position {
  readonly value: string;
}

/** A command or a test as written. */
export interface Node extends Position {
  /** Lower case. */
  readonly name: string;
  readonly arguments: readonly Argument[];
  /** Tests in parentheses, or the one that stands there without them. */
  readonly tests: readonly Node[];
  /** The tests stand in parentheses. */
  readonly inParentheses: boolean;
  /** Undefined for what ends in ';', and for tests. */
  readonly block: readonly Node[] | undefined;
}

/** Throws `SieveError` at the first mistake. */
export function parseSieve(script: string): readonly Node[] {
  return new Parser(script).script();
}

class Parser {
  readonly #lexer: Lexer;
  #token: Token;
  #nodes = 0;

  constructor(script: string) {
    this.#lexer = new Lexer(script);
    this.#token = this.#lexer.next();
  }

  script(): Node[] {
    const commands = this.#commands(0);
    if (this.#token.kind !== 'end') throw this.#unexpected('a command');
    return commands;
  }

  #commands(depth: number): Node[] {
    const commands: Node[] = [];
    while (this.#token.kind === 'identifier') commands.push(this.#command(depth));
    return commands;
  }

  #command(depth: number): Node {
    const head = this.#head(depth);
    if (this.#token.kind === ';') {
      this.#advance();
      return { ...head, block: undefined };
    }
    if (this.#token.kind !== '{') throw this.#unexpected(`';' or '{' after '${shown(head.name)}'`);
    const open = this.#token;
    this.#advance();
    const block = this.#commands(depth + 1);
    if (this.#is('end')) throw problemAt(open, "a '{' without its '}'");
    if (!this.#is('}')) throw this.#unexpected("a command or '}'");
    this.#advance();
    return { ...head, block };
  }

  #test(depth: number): Node {
    if (this.#token.kind !== 'identifier') throw this.#unexpected('a test');
    return { ...this.#head(depth), block: undefined };
  }

  /** Name, arguments and tests. */
  #head(depth: number): Omit<Node, 'block'> {
    const token = this.#token;
    if (token.kind !== 'identifier') throw this.#unexpected('a name');
    const { line, column, text } = token;
    if (depth > SIEVE_LIMITS.nesting) throw problemAt(token, `nested deeper than ${SIEVE_LIMITS.nesting} levels`);
    this.#nodes += 1;
    if (this.#nodes > SIEVE_LIMITS.commands) throw problemAt(token, `more than ${SIEVE_LIMITS.commands} commands`);
    this.#advance();
    const args: Argument[] = [];
    for (let one = this.#argument(); one !== undefined; one = this.#argument()) args.push(one);
    const tests: Node[] = [];
    const inParentheses = this.#token.kind === '(';
    if (inParentheses) {
      do {
        this.#advance();
        tests.push(this.#test(depth + 1));
      } while (this.#is(','));
      if (!this.#is(')')) throw this.#unexpected("',' or ')'");
      this.#advance();
    } else if (this.#token.kind === 'identifier') tests.push(this.#test(depth + 1));
    return { line, column, name: text.toLowerCase(), arguments: args, tests, inParentheses };
  }

  #argument(): Argument | undefined {
    const token = this.#token;
    const { line, column } = token;
    switch (token.kind) {
      case 'tag':
        this.#advance();
        return { kind: 'tag', name: token.text, line, column };
      case 'number':
        this.#advance();
        return { kind: 'number', value: token.value, line, column };
      case 'string':
        this.#advance();
        return { kind: 'strings', items: [{ value: token.text, line, column }], isList: false, line, column };
      case '[':
        return { kind: 'strings', items: this.#list(), isList: true, line, column };
      default:
        return undefined;
    }
  }

  #list(): Text[] {
    const items: Text[] = [];
    do {
      this.#advance();
      const token = this.#token;
      if (token.kind !== 'string') throw this.#unexpected('a string');
      items.push({ value: token.text, line: token.line, column: token.column });
      if (items.length > SIEVE_LIMITS.list) throw problemAt(token, `a list of more than ${SIEVE_LIMITS.list} strings`);
      this.#advance();
    } while (this.#is(','));
    if (!this.#is(']')) throw this.#unexpected("',' or ']'");
    this.#advance();
    return items;
  }

  #is(kind: Token['kind']): boolean {
    return this.#token.kind === kind;
  }

  #advance(): void {
    this.#token = this.#lexer.next();
  }

  #unexpected(wanted: string): Error {
    return problemAt(this.#token, `expected ${wanted}, but here is ${nameOf(this.#token)}`);
  }
}

function nameOf(token: Token): string {
  switch (token.kind) {
    case 'identifier':
      return `'${shown(token.text)}'`;
    case 'tag':
      return `':${shown(token.text)}'`;
    case 'number':
      return `the number ${token.value}`;
    case 'string':
      return 'a string';
    case 'end':
      return 'the end of the script';
    default:
      return `'${token.kind}'`;
  }
}
