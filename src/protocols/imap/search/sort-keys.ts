/** Sort criteria (RFC 5256 §3, SORT; DISPLAYFROM, DISPLAYTO: RFC 5957) and the order that they make. */
import type { Envelope, MailAddress } from '../../../mail/message.ts';
import { sortedInSteps } from '../../../mail/sort-in-steps.ts';
import { baseSubject } from '../../../mail/thread.ts';
import type { MsgId } from '../../../mailstore/api.ts';
import type { Session } from '../session.ts';
import { type Decoder, malformed } from '../wire/decoder.ts';
import { fold } from './text.ts';

const COLUMNS = ['ARRIVAL', 'DATE', 'SIZE'] as const;
const TEXTS = ['CC', 'FROM', 'SUBJECT', 'TO', 'DISPLAYFROM', 'DISPLAYTO'] as const;
type Column = (typeof COLUMNS)[number];
type TextKey = (typeof TEXTS)[number];

export interface SortCriterion {
  readonly key: Column | TextKey;
  readonly reverse: boolean;
}

const MOST_CRITERIA = 20;
/** Of a text, for comparing. */
const CHARACTERS = 128;

export function sortCriteria(d: Decoder): SortCriterion[] {
  const criteria = d.list((): SortCriterion => {
    let word = d.word();
    const reverse = word === 'REVERSE';
    if (reverse) word = d.sp().word();
    const key = [...COLUMNS, ...TEXTS].find((name) => name === word);
    if (key === undefined) throw malformed('unknown sort criterion');
    return { key, reverse };
  });
  if (criteria.length === 0 || criteria.length > MOST_CRITERIA) throw malformed('one to twenty sort criteria expected');
  return criteria;
}

/** A column of numbers or texts, by place in the list that is sorted. */
type Values = ArrayLike<number> | readonly string[];

/** The positions in this order; what is equal stays in the order of sequence numbers. Without those that are gone by now. */
export async function sortedPositions(
  session: Session,
  positions: readonly number[],
  criteria: readonly SortCriterion[],
): Promise<number[]> {
  const { out } = session;
  const { view } = session.selected.tracker;
  const keys = new Set(criteria.map(({ key }) => key));
  const texts = new Map<TextKey, string[]>(TEXTS.filter((key) => keys.has(key)).map((key) => [key, []]));
  let present: number[] = [];
  if (texts.size === 0) present = positions.filter((at) => view.flagsAt(at) >= 0);
  else {
    let i = 0;
    for await (const details of session.selected.account.detailsOf(positions.map((at) => view.ids[at] as MsgId))) {
      const at = positions[i++]!;
      if (out.mustPause()) await out.pause();
      if (details === undefined || view.flagsAt(at) < 0) continue;
      present.push(at);
      for (const [key, column] of texts) column.push(textOf(key, details.envelope));
    }
  }
  const columns = criteria.map(({ key, reverse }) => ({
    reverse,
    values: texts.get(key as TextKey) ?? columnOf(session, key as Column, present),
  }));
  const compare = (a: number, b: number): number => {
    for (const { reverse, values } of columns) {
      const order = compareValues(values, a, b);
      if (order !== 0) return reverse ? -order : order;
    }
    return a - b;
  };
  const steps = sortedInSteps([...present.keys()], compare);
  let step = steps.next();
  for (; !step.done; step = steps.next()) if (out.mustPause()) await out.pause();
  return step.value.map((i) => present[i]!);
}

function compareValues(values: Values, a: number, b: number): number {
  const one = values[a]!;
  const other = values[b]!;
  return one < other ? -1 : one > other ? 1 : 0;
}

function columnOf({ selected }: Session, key: Column, positions: readonly number[]): Float64Array {
  const { view } = selected.tracker;
  const read = {
    ARRIVAL: (at: number) => view.internalDateAt(at),
    SIZE: (at: number) => view.sizeAt(at),
    DATE: (at: number) => view.sentDateAt(at),
  }[key];
  return Float64Array.from(positions, read);
}

function textOf(key: TextKey, envelope: Envelope): string {
  switch (key) {
    case 'SUBJECT':
      return sortable(baseSubject(envelope.subject).text);
    case 'CC':
      return mailboxOf(envelope.cc[0]);
    case 'FROM':
      return mailboxOf(envelope.from[0]);
    case 'TO':
      return mailboxOf(envelope.to[0]);
    case 'DISPLAYFROM':
      return displayOf(envelope.from[0]);
    case 'DISPLAYTO':
      return displayOf(envelope.to[0]);
  }
}

/** RFC 5256 §3: the mailbox of the first address; of a group its name. */
function mailboxOf(one: MailAddress | undefined): string {
  if (one === undefined) return '';
  if (one.group !== undefined) return sortable(one.group.name);
  return sortable(one.address.slice(0, Math.max(0, one.address.lastIndexOf('@'))));
}

/** RFC 5957 §3: the display name, else the address. */
function displayOf(one: MailAddress | undefined): string {
  return one === undefined ? '' : sortable(one.group?.name || one.name || one.address);
}

function sortable(text: string): string {
  return fold(text.slice(0, CHARACTERS));
}
