/** The addresses from which mail leaves. */

export interface Source {
  /** Undefined: the one that the operating system chooses. */
  readonly address: string | undefined;
  /** We, in EHLO: what the address is called in DNS (RFC 5321 §4.1.4). */
  readonly name: string;
  /** Kinds of mail that go by it; none: those that no other address is there for. */
  readonly categories: readonly string[];
  /** Known to the receivers already: it sends as much as it is given. */
  readonly warm: boolean;
}

/** Of mail whose account says nothing else. */
export const DEFAULT_CATEGORY = 'personal';
export const CATEGORY = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Under which its figures are kept. */
export function sourceName({ address }: Source): string {
  return address ?? 'default';
}

/** Which of them are there for this kind of mail. None: then it is the system's choice. */
export function sourcesFor(category: string, sources: readonly Source[]): readonly Source[] {
  const own = sources.filter(({ categories }) => categories.includes(category));
  return own.length > 0 ? own : sources.filter(({ categories }) => categories.length === 0);
}
