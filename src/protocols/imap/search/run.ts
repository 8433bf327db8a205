/**
 * Runs a SEARCH program over the selected folder: first on the index alone, then on what is stored of the messages that
 * are still undecided, then on their text. Lets others have their turn, and stops when the client is gone.
 */
import { MailError } from '../../../mail/error.ts';
import type { FieldName } from '../../../mail/search/document.ts';
import type { FolderView, MailAccount, MessageDetails, MsgId } from '../../../mailstore/api.ts';
import { emailId, threadId } from '../object-id.ts';
import { requireWithinLimit, withinLimit } from '../message-limit.ts';
import { Progress } from '../progress.ts';
import type { Selected } from '../selected.ts';
import type { Session } from '../session.ts';
import { headerDay } from '../wire/date.ts';
import type { Comparison, SearchKey } from '../wire/search-key.ts';
import { commonSpans, type SequenceSet, type Spans } from '../wire/sequence-set.ts';
import { addressText, bodyTexts, type FieldText, fold, headerText } from './text.ts';

const DAY = 86_400_000;
/** Messages between two looks at the clock. */
const ROWS = 512;
/** Folders with fewer messages are read without asking the search index. */
const INDEX_FROM = 64;
/** Undecided messages that are looked into at once. */
const BATCH = 200;

/** What is known of a message so far. */
interface Known {
  readonly position: number;
  readonly details?: MessageDetails;
  readonly header?: readonly FieldText[];
  /** Results of the text keys, once the text was read. */
  readonly texts?: ReadonlyMap<SearchKey, boolean>;
}

/** A text, where it must be, and what the search index says of it. */
interface Asked {
  readonly text: string;
  readonly fields: readonly FieldName[];
  mayHold: ((id: MsgId) => boolean) | undefined;
}

/** True or false; undefined when more must be known. */
type Verdict = boolean | undefined;
type Test = (known: Known) => Verdict;

/** `excess`: what becomes of a search through more messages than a command may work on. */
export async function matchingPositions(
  session: Session,
  program: SearchKey,
  excess: 'left-out' | 'refused',
): Promise<number[]> {
  const { out, selected } = session;
  const { account } = selected;
  const { view } = selected.tracker;
  const plan = new Plan(selected, session.now());
  const test = plan.compile(program);
  const everywhere = plan.domain(program);
  if (excess === 'refused') requireWithinLimit(session, everywhere);
  const domain = withinLimit(session, everywhere);
  if (view.length >= INDEX_FROM) await plan.askIndex(account);
  const progress = new Progress(session, Math.max(1, view.length));
  const found: number[] = [];
  let undecided: number[] = [];
  const decide = async (): Promise<void> => {
    let i = 0;
    for await (const stored of account.detailsOf(undecided.map((at) => view.ids[at] as MsgId))) {
      const position = undecided[i++] as number;
      if (out.mustPause()) await out.pause();
      progress.tell(position);
      if (stored === undefined) continue;
      const verdict = test({ position, details: stored }) ?? (await plan.read(session, test, position, stored));
      if (verdict) found.push(position);
    }
    undecided = [];
  };
  out.begin();
  let rows = 0;
  for (const [from, to] of domain) {
    for (let position = from; position < to; position++) {
      if (++rows % ROWS === 0 && out.mustPause()) await out.pause();
      if (view.flagsAt(position) < 0) continue;
      const verdict = test({ position });
      if (verdict === true) found.push(position);
      if (verdict !== undefined) continue;
      undecided.push(position);
      if (undecided.length === BATCH) await decide();
    }
  }
  if (undecided.length > 0) await decide();
  return found.sort((a, b) => a - b);
}

class Plan {
  readonly #selected: Selected;
  readonly #view: FolderView;
  /** Keys that need the text of the message. */
  readonly #texts: {
    readonly key: SearchKey;
    readonly text: string;
    readonly header: boolean;
    readonly asked: Asked;
  }[] = [];
  /** What the search index may know. */
  readonly #asked: Asked[] = [];
  readonly #now: number;
  #needsHeader = false;

  constructor(selected: Selected, now: number) {
    this.#selected = selected;
    this.#view = selected.tracker.view;
    this.#now = now;
  }

  /** Where to look: sets that all matches must be in narrow it. */
  domain(program: SearchKey): Spans {
    if (program.key === 'and') return program.of.map((key) => this.domain(key)).reduce(commonSpans);
    if (program.key === 'numbers' || program.key === 'uids') return this.#spans(program.key === 'uids', program.set);
    return program.key === 'none' ? [] : [[0, this.#view.length]];
  }

  #spans(byUid: boolean, set: SequenceSet): Spans {
    return this.#selected.spans(set, byUid ? 'uid' : 'number-that-exists');
  }

  compile(key: SearchKey): Test {
    const view = this.#view;
    switch (key.key) {
      case 'all':
        return () => true;
      case 'none':
        return () => false;
      case 'numbers':
      case 'uids': {
        const spans = this.#spans(key.key === 'uids', key.set);
        return ({ position }) => within(spans, position);
      }
      case 'flag':
        return ({ position }) => ((view.flagsAt(position) & key.flag) !== 0) === key.set;
      case 'keyword':
        return keywordTest(view, key.keyword, key.set);
      case 'internal':
        return ({ position }) => compare(Math.floor(view.internalDateAt(position) / DAY), key.is, key.day);
      case 'saved':
        return ({ position }) => compare(Math.floor(view.savedDateAt(position) / DAY), key.is, key.day);
      case 'younger':
      case 'older': {
        const since = this.#now - key.seconds * 1000;
        const younger = key.key === 'younger';
        return ({ position }) => view.internalDateAt(position) >= since === younger;
      }
      case 'email':
        return ({ position }) => emailId(view.emailAt(position)) === key.id;
      case 'thread':
        return ({ position }) => threadId(view.threadAt(position)) === key.id;
      case 'larger':
        return ({ position }) => view.sizeAt(position) > key.size;
      case 'smaller':
        return ({ position }) => view.sizeAt(position) < key.size;
      case 'modseq':
        return ({ position }) => view.modseqAt(position) >= key.from;
      case 'sent':
        return ({ details }) => {
          if (details === undefined) return undefined;
          const day = headerDay(wireDate(details.wire.envelope));
          return day !== undefined && compare(day, key.is, key.day);
        };
      case 'subject': {
        const text = fold(key.text);
        const asked = this.#ask(text, ['subject']);
        return ({ position, details }) =>
          this.#mayHold(asked, position) && details && fold(details.envelope.subject).includes(text);
      }
      case 'from':
      case 'to':
      case 'cc':
      case 'bcc': {
        const text = fold(key.text);
        const field = key.key;
        const asked = this.#ask(text, [field === 'bcc' ? 'cc' : field]);
        return ({ position, details }) =>
          this.#mayHold(asked, position) && details && addressText(details.envelope[field]).includes(text);
      }
      case 'header': {
        this.#needsHeader = true;
        const text = fold(key.text);
        return ({ header }) => header?.some(({ name, value }) => name === key.field && value.includes(text));
      }
      case 'body':
      case 'text': {
        const text = fold(key.text);
        const header = key.key === 'text';
        const asked = this.#ask(text, ['body', 'attachment']);
        this.#texts.push({ key, text, header, asked });
        return ({ position, texts }) => (header || this.#mayHold(asked, position)) && texts?.get(key);
      }
      case 'not': {
        const test = this.compile(key.of);
        return (known) => {
          const verdict = test(known);
          return verdict === undefined ? undefined : !verdict;
        };
      }
      case 'and':
      case 'or':
        return combined(
          key.of.map((inner) => this.compile(inner)),
          key.key === 'or',
        );
    }
  }

  #ask(text: string, fields: readonly FieldName[]): Asked {
    const asked = { text, fields, mayHold: undefined };
    this.#asked.push(asked);
    return asked;
  }

  /** From then on messages that cannot hold the texts are decided without being read. */
  async askIndex(account: MailAccount): Promise<void> {
    for (const asked of this.#asked)
      if (asked.text !== '') asked.mayHold = await account.mayHold(asked.text, asked.fields);
  }

  #mayHold({ mayHold }: Asked, position: number): boolean {
    return mayHold === undefined || mayHold(this.#view.ids[position] as MsgId);
  }

  /** Reads the message's header, and its text where that does not decide. */
  async read(session: Session, test: Test, position: number, details: MessageDetails): Promise<Verdict> {
    try {
      const body = await session.selected.account.body(this.#view.ids[position] as MsgId, details);
      let header: readonly FieldText[] = [];
      if (this.#needsHeader || this.#texts.some((text) => text.header))
        header = await headerText(body, details.structure);
      const verdict = test({ position, details, header });
      if (verdict !== undefined) return verdict;
      const texts = new Map<SearchKey, boolean>();
      for (const { key, text, header: too } of this.#texts) {
        texts.set(key, text === '' || (too && header.some(({ name, value }) => `${name}: ${value}`.includes(text))));
      }
      const open = this.#texts.filter(({ key, asked }) => !texts.get(key) && this.#mayHold(asked, position));
      if (open.length === 0) return test({ position, details, header, texts });
      const overlap = Math.max(0, ...open.map(({ text }) => text.length));
      for await (const piece of bodyTexts(body, details.structure, overlap)) {
        for (const { key, text } of open) if (piece.includes(text)) texts.set(key, true);
        if (open.every(({ key }) => texts.get(key) === true)) break;
        if (session.out.mustPause()) await session.out.pause();
      }
      return test({ position, details, header, texts });
    } catch (error) {
      // What is gone or cannot be read does not match; the others still may.
      if (error instanceof MailError && (error.code === 'message-missing' || error.code === 'damaged')) return false;
      throw error;
    }
  }
}

/** AND, or OR: decided as soon as one part decides it. */
function combined(tests: readonly Test[], decisive: boolean): Test {
  return (known) => {
    let open = false;
    for (const test of tests) {
      const verdict = test(known);
      if (verdict === decisive) return decisive;
      if (verdict === undefined) open = true;
    }
    return open ? undefined : !decisive;
  };
}

function keywordTest(view: FolderView, keyword: string, set: boolean): Test {
  const wanted = keyword.toLowerCase();
  const answers = new WeakMap<readonly string[], boolean>();
  return ({ position }) => {
    const keywords = view.keywordsAt(position);
    let has = answers.get(keywords);
    if (has === undefined) {
      has = keywords.some((name) => name.toLowerCase() === wanted);
      answers.set(keywords, has);
    }
    return has === set;
  };
}

function within(spans: Spans, position: number): boolean {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if ((spans[mid] as readonly [number, number])[1] <= position) low = mid + 1;
    else high = mid;
  }
  const span = spans[low];
  return span !== undefined && span[0] <= position;
}

function compare(day: number, is: Comparison, than: number): boolean {
  return is === 'before' ? day < than : is === 'on' ? day === than : day >= than;
}

/** The Date field out of an envelope as it goes over the wire: `("Mon, 7 Feb 1994 21:52:25 -0800" ...` */
function wireDate(envelope: Uint8Array): string {
  const text = Buffer.from(envelope.buffer, envelope.byteOffset, Math.min(envelope.byteLength, 200)).toString('latin1');
  return text.startsWith('("') ? text.slice(2, text.indexOf('"', 2)) : '';
}
