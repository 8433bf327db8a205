/** Authentication-Results (RFC 8601): what a server found out about who sent a mail, as a header field. */

export interface MethodResult {
  /** Lower case: 'spf', 'dkim' ... */
  readonly method: string;
  /** Lower case: 'pass', 'fail' ... */
  readonly result: string;
  /** For people. */
  readonly comment?: string;
  /** `smtp.mailfrom`, `header.d` ..., lower case, and what was checked. */
  readonly properties: readonly (readonly [name: string, value: string])[];
}

export interface AuthenticationResults {
  /** Who found it out. */
  readonly authservId: string;
  readonly results: readonly MethodResult[];
}

const MAX_LENGTH = 64 << 10;
const MAX_RESULTS = 200;
const MAX_PROPERTIES = 50;

/** A field with its name and its line end. */
export function formatAuthenticationResults({ authservId, results }: AuthenticationResults): string {
  const parts = results.map(({ method, result, comment, properties }) => {
    const said = comment === undefined || comment === '' ? '' : ` (${inComment(comment)})`;
    return [`${method}=${result}${said}`, ...properties.map(([name, value]) => `${name}=${word(value)}`)].join(
      '\r\n\t ',
    );
  });
  return `Authentication-Results: ${[word(authservId), ...(parts.length > 0 ? parts : ['none'])].join(';\r\n\t')}\r\n`;
}

/** Undefined when the value (unfolded) is not what RFC 8601 §2.2 describes. Linear in its length. */
export function parseAuthenticationResults(value: string): AuthenticationResults | undefined {
  if (value.length > MAX_LENGTH) return undefined;
  const words = new Words(value);
  const authservId = words.value();
  if (authservId === undefined) return undefined;
  // A version may follow, and nothing else.
  if (/^\d$/.test(words.peek())) words.value();
  const results: MethodResult[] = [];
  while (words.eat(';')) {
    const result = readResult(words);
    if (result === 'none') continue;
    if (result === undefined || results.length >= MAX_RESULTS) return undefined;
    results.push(result);
  }
  return words.done ? { authservId: authservId.toLowerCase(), results } : undefined;
}

/** Who a field says found it out, also when the rest of it makes no sense; lower case. */
export function authservIdOf(value: string): string | undefined {
  return new Words(value.slice(0, MAX_LENGTH)).value()?.toLowerCase();
}

function readResult(words: Words): MethodResult | 'none' | undefined {
  const method = words.value()?.toLowerCase();
  // A ';' at the end is a common mistake.
  if (method === undefined) return words.done ? 'none' : undefined;
  if (words.eat('/')) words.value();
  if (!words.eat('=')) return method === 'none' ? 'none' : undefined;
  const result = words.value()?.toLowerCase();
  if (result === undefined) return undefined;
  const { comment } = words;
  const properties: [string, string][] = [];
  while (!words.done && words.peek() !== ';') {
    const name = words.value()?.toLowerCase();
    if (name === undefined || !words.eat('=') || properties.length >= MAX_PROPERTIES) return undefined;
    properties.push([name, words.property() ?? '']);
  }
  return { method, result, ...(comment !== '' && { comment }), properties };
}

const SPECIAL: ReadonlySet<string> = new Set([';', '=', '/', '(', ')', '"']);
const ENDS_PROPERTY: ReadonlySet<string> = new Set([';', '(', ')', '"']);

/** Words, with comments and white space between them skipped. */
class Words {
  readonly #text: string;
  #at = 0;
  /** The last comment that was skipped. */
  comment = '';

  constructor(text: string) {
    this.#text = text;
    this.#skip();
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The next character. */
  peek(): string {
    return this.#text.charAt(this.#at);
  }

  eat(character: string): boolean {
    if (this.peek() !== character) return false;
    this.#at += 1;
    this.#skip();
    return true;
  }

  /** A quoted string or a word. */
  value(): string | undefined {
    this.comment = '';
    const read = this.peek() === '"' ? this.#quoted() : this.#word();
    if (read !== undefined) this.#skip();
    return read;
  }

  /** What stands after the '=' of a property: many write a signature or an address there without quotes. */
  property(): string | undefined {
    this.comment = '';
    const read = this.peek() === '"' ? this.#quoted() : this.#word(ENDS_PROPERTY);
    if (read !== undefined) this.#skip();
    return read;
  }

  #word(special: ReadonlySet<string> = SPECIAL): string | undefined {
    const from = this.#at;
    while (!this.done && !special.has(this.peek()) && !isWhite(this.peek())) this.#at += 1;
    return this.#at === from ? undefined : this.#text.slice(from, this.#at);
  }

  #quoted(): string | undefined {
    let read = '';
    for (let i = this.#at + 1; i < this.#text.length; i += 1) {
      const c = this.#text.charAt(i);
      if (c === '"') {
        this.#at = i + 1;
        return read;
      }
      read += c === '\\' ? this.#text.charAt((i += 1)) : c;
    }
    return undefined;
  }

  #skip(): void {
    let depth = 0;
    let from = 0;
    for (; !this.done; this.#at += 1) {
      const c = this.peek();
      if (c === '(') {
        if (depth === 0) from = this.#at + 1;
        depth += 1;
      } else if (depth > 0) {
        if (c === '\\') this.#at += 1;
        else if (c === ')' && (depth -= 1) === 0) this.comment = this.#text.slice(from, this.#at);
      } else if (!isWhite(c)) return;
    }
  }
}

function isWhite(c: string): boolean {
  return c === ' ' || c === '\t' || c === '\r' || c === '\n';
}

/** As it is when it is a token or looks like an address, quoted otherwise (RFC 8601 §2.2 pvalue); never more than one line. */
function word(value: string): string {
  const plain = value.replace(/[^\x20-\x7e\x80-\uffff]/g, '?').slice(0, 500);
  return /^[A-Za-z0-9!#$%&'*+.^_`{|}~@:-]+$/.test(plain) ? plain : `"${plain.replace(/["\\]/g, '\\$&')}"`;
}

function inComment(text: string): string {
  return text.slice(0, 200).replace(/[^\x20-\x7e]|[()\\]/g, ' ');
}
