/**
 * What FETCH asks for (RFC 3501 §6.4.5, BINARY: RFC 3516 §4.2, MODSEQ: RFC 7162 §3.1.4, EMAILID and THREADID: RFC 8474 §5, SAVEDATE: RFC 8514
 * §4.3, PREVIEW: RFC 8970).
 */
import { type Decoder, malformed } from './decoder.ts';
import { binarySection, type Section, section, sectionLabel, WHOLE } from './section.ts';

/** Known without reading anything. */
const INDEX_ITEMS = [
  'UID',
  'FLAGS',
  'INTERNALDATE',
  'RFC822.SIZE',
  'MODSEQ',
  'SAVEDATE',
  'EMAILID',
  'THREADID',
] as const;
export type IndexItem = (typeof INDEX_ITEMS)[number];
/** Known from what was made of the message when it came. */
const DETAIL_ITEMS = ['ENVELOPE', 'BODY', 'BODYSTRUCTURE', 'PREVIEW'] as const;
export type DetailItem = (typeof DETAIL_ITEMS)[number];

export type FetchItem =
  | { readonly item: IndexItem | DetailItem }
  /** `binary`: without its content transfer encoding; `binary-size`: how many bytes that would be. */
  | {
      readonly item: 'section' | 'binary' | 'binary-size';
      readonly section: Section;
      readonly label: string;
      readonly seen: boolean;
    };
export type SectionItem = Extract<FetchItem, { section: Section }>;

const WORDS: ReadonlySet<string> = new Set([...INDEX_ITEMS, ...DETAIL_ITEMS]);

const MACROS: ReadonlyMap<string, readonly (IndexItem | DetailItem)[]> = new Map([
  ['FAST', ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE']],
  ['ALL', ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE']],
  ['FULL', ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY']],
] satisfies [string, (IndexItem | DetailItem)[]][]);

const RFC822: ReadonlyMap<string, FetchItem> = new Map<string, FetchItem>([
  ['RFC822', { item: 'section', section: WHOLE, label: 'RFC822', seen: true }],
  ['RFC822.HEADER', { item: 'section', section: { ...WHOLE, text: 'HEADER' }, label: 'RFC822.HEADER', seen: false }],
  ['RFC822.TEXT', { item: 'section', section: { ...WHOLE, text: 'TEXT' }, label: 'RFC822.TEXT', seen: true }],
]);

/** A macro, one item, or a list of items. */
export function fetchItems(d: Decoder): FetchItem[] {
  if (d.next('(')) {
    const items = d.list(() => fetchItem(d, d.until(' [])').toUpperCase()));
    if (items.length === 0) throw malformed('FETCH of nothing');
    return items;
  }
  const word = d.until(' [').toUpperCase();
  const macro = MACROS.get(word);
  return macro === undefined ? [fetchItem(d, word)] : macro.map((item) => ({ item }));
}

function fetchItem(d: Decoder, word: string): FetchItem {
  if (d.next('[')) {
    if (word === 'BINARY' || word === 'BINARY.PEEK' || word === 'BINARY.SIZE') return binaryItem(d, word);
    if (word !== 'BODY' && word !== 'BODY.PEEK') throw malformed('unknown FETCH item');
    const asked = section(d);
    return { item: 'section', section: asked, label: sectionLabel('BODY', asked), seen: word === 'BODY' };
  }
  const old = RFC822.get(word);
  if (old !== undefined) return old;
  if (!WORDS.has(word)) throw malformed('unknown FETCH item');
  // LAZY allows a late answer; ours is there already.
  if (word === 'PREVIEW' && d.nextIs(' (LAZY')) {
    d.sp().open();
    d.word();
    d.close();
  }
  return { item: word as IndexItem | DetailItem };
}

function binaryItem(d: Decoder, word: 'BINARY' | 'BINARY.PEEK' | 'BINARY.SIZE'): FetchItem {
  const asked = binarySection(d);
  if (word !== 'BINARY.SIZE')
    return { item: 'binary', section: asked, label: sectionLabel('BINARY', asked), seen: word === 'BINARY' };
  if (asked.partial !== undefined) throw malformed('BINARY.SIZE is of the whole section');
  return { item: 'binary-size', section: asked, label: sectionLabel(word, asked), seen: false };
}

export function isSectionItem(item: FetchItem): item is SectionItem {
  return 'section' in item;
}

/** What a response that says more than was asked for has from CONDSTORE on (RFC 7162 §3.2.4). */
export function unsolicited(
  items: readonly FetchItem[],
  { enabled, uidOnly }: { readonly enabled: ReadonlySet<string>; readonly uidOnly: boolean },
): readonly FetchItem[] {
  if (!enabled.has('CONDSTORE')) return items;
  const missing = (uidOnly ? (['MODSEQ'] as const) : (['UID', 'MODSEQ'] as const)).filter(
    (name) => !items.some(({ item }) => item === name),
  );
  return [...items, ...missing.map((item) => ({ item }))];
}

const INDEX_WORDS: ReadonlySet<string> = new Set(INDEX_ITEMS);

export function isIndexItem(item: string): item is IndexItem {
  return INDEX_WORDS.has(item);
}

/** The items, when the index knows them all. */
export function indexItemsOnly(items: readonly FetchItem[]): IndexItem[] | undefined {
  const names: IndexItem[] = [];
  for (const { item } of items) {
    if (!isIndexItem(item)) return undefined;
    names.push(item);
  }
  return names;
}
