/** Public mail beside what is generated: queries made of its own words, and whether they find what reading all of it finds. */
import { parseQuery } from '../../src/mail/search/query.ts';
import type { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { FIELDS } from '../../src/mail/search/document.ts';
import { sourceOf } from '../../src/cli/commands/import.ts';
import type { FolderId, MailAccount } from '../../src/mailstore/api.ts';
import { bruteForce, Corpus, type Place, type ReadMessage } from '../../test/support/search-oracle.ts';

const BODY = FIELDS.indexOf('body');
const FROM = FIELDS.indexOf('from');
const LEAST_LETTERS = 3;

/** Adds the mails of a folder of `*.eml` files, a Maildir or an mbox file; answers how many. */
export async function addCorpus(account: MailAccount, path: string, folder: FolderId): Promise<number> {
  const source = await sourceOf(path, undefined);
  let count = 0;
  for await (const { raw } of source.messages()) {
    await account.addMessage(raw, { folder });
    count++;
  }
  return count;
}

export class PublicMail {
  readonly #messages: readonly ReadMessage[];
  readonly #random: SeededRandom;

  private constructor(messages: readonly ReadMessage[], random: SeededRandom) {
    this.#messages = messages;
    this.#random = random;
  }

  /** Those of the folder that hold words. What documents hold is not read, and who has one is left out. */
  static async of(account: MailAccount, folder: FolderId, random: SeededRandom): Promise<PublicMail> {
    const all = await new Corpus().of(account, folder);
    return new PublicMail(
      all.filter(({ places, hasDocuments }) => !hasDocuments && places.some(isWord)),
      random,
    );
  }

  get count(): number {
    return this.#messages.length;
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#random.below(of.length)]!;
  }

  #word(): string {
    return this.#one(this.#one(this.#messages).places.filter(isWord))[0];
  }

  #phrase(): string {
    const { places } = this.#one(this.#messages);
    const [first, at, field] = this.#one(places);
    const next = places.find((place) => place[1] === at + 1 && place[2] === field);
    return next ? `"${first} ${next[0]}"` : first;
  }

  #from(): string {
    const names = this.#one(this.#messages).places.filter((place) => place[2] === FROM);
    return names.length > 0 ? `from:${this.#one(names)[0]}` : this.#word();
  }

  readonly kinds: Readonly<Record<string, () => string>> = {
    publicWord: () => this.#word(),
    publicTwoWords: () => `${this.#word()} ${this.#word()}`,
    publicPhrase: () => this.#phrase(),
    publicPrefix: () => `${this.#word().slice(0, LEAST_LETTERS)}*`,
    publicFrom: () => this.#from(),
    publicNotAndOr: () => `(${this.#word()} OR ${this.#word()}) -${this.#word()}`,
  };

  /** Queries that do not find exactly what reading finds. */
  async differing(account: MailAccount, queries: number): Promise<string[]> {
    const differing: string[] = [];
    const known = new Set(this.#messages.map(({ meta }) => meta.id));
    const kinds = Object.values(this.kinds);
    const limit = Number.MAX_SAFE_INTEGER;
    for (let i = 0; i < queries; i++) {
      const text = kinds[i % kinds.length]!();
      const query = parseQuery(text, Date.now());
      const { hits, behind } = await account.search({ query, sort: 'date', limit });
      const found = hits
        .map(({ id }) => id)
        .filter((id) => known.has(id))
        .sort((a, b) => a - b);
      if (behind > 0 || found.join() !== bruteForce(this.#messages, query).join()) differing.push(text);
    }
    return differing;
  }
}

function isWord([term, , field]: Place): boolean {
  return field === BODY && term.length >= LEAST_LETTERS;
}
