/** What a server announces in reply to EHLO (RFC 5321 §4.1.1.1). */
import type { Reply } from './reply.ts';

export class Capabilities {
  readonly #words: ReadonlyMap<string, readonly string[]>;

  /** Without a reply: a server that knows HELO only. */
  constructor(ehlo?: Reply) {
    // The first line is the server's name.
    const entries = (ehlo?.lines.slice(1) ?? []).map((line) => {
      // `AUTH=PLAIN`, from before there was a standard.
      const [word = '', ...params] = line
        .replace(/^AUTH=/i, 'AUTH ')
        .trim()
        .split(/\s+/);
      return [word.toUpperCase(), params] as const;
    });
    this.#words = new Map(entries.reverse());
  }

  has(word: string): boolean {
    return this.#words.has(word);
  }

  /** Largest message in octets (RFC 1870); Infinity when there is no fixed limit. */
  get size(): number {
    const limit = Number(this.#words.get('SIZE')?.[0] ?? 0);
    return Number.isSafeInteger(limit) && limit > 0 ? limit : Infinity;
  }

  /** SASL mechanisms, upper case. */
  get auth(): readonly string[] {
    return (this.#words.get('AUTH') ?? []).map((mechanism) => mechanism.toUpperCase());
  }

  /** `RCPTMAX`, `MAILMAX` (RFC 9422). */
  limit(name: string): number {
    const entry = this.#words.get('LIMITS')?.find((limit) => limit.toUpperCase().startsWith(`${name}=`));
    const value = Number(entry?.slice(name.length + 1));
    return Number.isSafeInteger(value) && value > 0 ? value : Infinity;
  }
}
