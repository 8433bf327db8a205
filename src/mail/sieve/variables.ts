/** Variables (RFC 5229), and those that scripts share (RFC 6609 §3.4). */
import { SIEVE_LIMITS } from './limits.ts';

/** Variables of one script. */
export interface Scope {
  readonly values: Map<string, string>;
  /** Names that mean the shared variable. */
  readonly shared: Set<string>;
  matched: readonly string[];
}

export class Variables {
  readonly #global = new Map<string, string>();
  #scope: Scope = newScope();
  #characters = 0;

  /** From here on a script of its own; answers what to come back to. */
  enter(): Scope {
    const outer = this.#scope;
    this.#scope = newScope();
    return outer;
  }

  leave(outer: Scope): void {
    for (const value of this.#scope.values.values()) this.#characters -= value.length;
    this.#scope = outer;
  }

  /** '' for one that was never set. */
  get(name: string): string {
    const [map, key] = this.#place(name);
    return map.get(key) ?? '';
  }

  /** Answers false when there is no room. */
  set(name: string, value: string): boolean {
    const [map, key] = this.#place(name);
    const size = this.#characters + value.length - (map.get(key)?.length ?? 0);
    if (size > SIEVE_LIMITS.variableCharacters) return false;
    if (map.size >= SIEVE_LIMITS.variables && !map.has(key)) return false;
    map.set(key, value);
    this.#characters = size;
    return true;
  }

  /** This name is from now on the one that all scripts share. */
  share(name: string): void {
    this.#scope.shared.add(name.toLowerCase());
  }

  /** `${0}` and those after it. */
  matched(values: readonly string[]): void {
    this.#scope.matched = values;
  }

  /** Runs `act`; what matched before is what matched afterwards, too. */
  async untouched<T>(act: () => Promise<T>): Promise<T> {
    const before = this.#scope.matched;
    try {
      return await act();
    } finally {
      this.#scope.matched = before;
    }
  }

  /** What is no reference stays as it is; what comes out is not looked at again. Cut off where it grows too long. */
  expand(text: string): string {
    let out = '';
    let from = 0;
    for (let start = text.indexOf('${'); start >= 0; start = text.indexOf('${', from)) {
      out += text.slice(from, start);
      from = start;
      const end = referenceEnd(text, start + 2);
      if (end < 0) {
        out += '${';
        from = start + 2;
        continue;
      }
      out += this.#value(text.slice(start + 2, end));
      from = end + 1;
      if (out.length > SIEVE_LIMITS.string) break;
    }
    out += text.slice(from);
    return out.length > SIEVE_LIMITS.string ? cut(out, SIEVE_LIMITS.string) : out;
  }

  #value(name: string): string {
    return isDigit(name.charCodeAt(0)) ? (this.#scope.matched[Number(name)] ?? '') : this.get(name);
  }

  #place(name: string): [Map<string, string>, string] {
    const key = name.toLowerCase();
    if (key.startsWith('global.')) return [this.#global, key.slice(7)];
    return this.#scope.shared.has(key) ? [this.#global, key] : [this.#scope.values, key];
  }
}

function newScope(): Scope {
  return { values: new Map(), shared: new Set(), matched: [] };
}

/** Where the '}' of a reference is whose name begins at `start`, or -1: a number, or names with dots between them. */
function referenceEnd(text: string, start: number): number {
  let i = start;
  if (isDigit(text.charCodeAt(i))) {
    while (isDigit(text.charCodeAt(i))) i += 1;
    return text[i] === '}' && i - start <= 9 ? i : -1;
  }
  for (;;) {
    if (!isNameStart(text.charCodeAt(i))) return -1;
    while (isNameStart(text.charCodeAt(i)) || isDigit(text.charCodeAt(i))) i += 1;
    if (text[i] === '}') return i;
    if (text[i] !== '.') return -1;
    i += 1;
  }
}

/** A name that `set` may be given (RFC 5229 §3). */
export function isVariableName(name: string): boolean {
  if (name.length > 64 || !isNameStart(name.charCodeAt(0))) return false;
  for (let i = 1; i < name.length; i += 1)
    if (!isNameStart(name.charCodeAt(i)) && !isDigit(name.charCodeAt(i))) return false;
  return true;
}

/** Between two characters. */
export function cut(text: string, length: number): string {
  const end = (text.charCodeAt(length - 1) & 0xfc00) === 0xd800 ? length - 1 : length;
  return text.slice(0, end);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isNameStart(code: number): boolean {
  return code === 0x5f || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}
