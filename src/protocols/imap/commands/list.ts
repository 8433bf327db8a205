import { may } from '../../../mailstore/rights.ts';
import { command, SIGNED_IN, whenSignedIn } from '../command.ts';
import { OTHERS, type Place } from '../places.ts';
import { attributeOf } from '../special-use.ts';
import type { Session } from '../session.ts';
import { type Decoder, malformed, type NamedMailbox } from '../wire/decoder.ts';
import { type ListReturn, type ListSelection, listReturn, listSelection } from '../wire/list-options.ts';
import { ListPattern } from '../wire/list-pattern.ts';
import { canonicalPath } from '../wire/mailbox-name.ts';
import { noteStatusItems, statusItems, writeStatus } from './status.ts';

/** Bytes of a pattern and its reference together. */
const PATTERN = 2000;
/** Patterns of one command. */
const PATTERNS = 20;

interface ListArgs {
  /** Without those that can match nothing; as they were given. */
  readonly patterns: readonly string[];
  readonly selection: ListSelection;
  readonly returns: ListReturn;
  /** `LIST "" ""`, which asks for the separator. */
  readonly separator: boolean;
}

const EVERYTHING: ListSelection = { subscribed: false, specialUse: false, recursive: false };
const NOTHING_MORE: ListReturn = { subscribed: false, status: undefined };

/** Reference and pattern as one; undefined when it can match nothing. */
export function pattern(reference: string | undefined, name: string | undefined): string | undefined {
  if (reference === undefined || name === undefined) return undefined;
  if (reference.length + name.length > PATTERN) throw malformed('pattern too long');
  return reference + name;
}

function parse(d: Decoder): ListArgs {
  let extended = d.sp().next('(');
  const selection = extended ? listSelection(d) : EVERYTHING;
  if (extended) d.sp();
  const reference = d.reference();
  d.sp();
  const several = d.next('(');
  const names = several ? d.list(() => d.listMailbox()) : [d.listMailbox()];
  if (names.length === 0 || names.length > PATTERNS) throw malformed('1 to 20 patterns expected');
  let returns = NOTHING_MORE;
  if (d.take(' ')) {
    if (d.word() !== 'RETURN') throw malformed('RETURN expected');
    returns = listReturn(d.sp(), statusItems);
    extended = true;
  }
  d.end();
  // RFC 5258 §3: only in its old form does an empty name ask for the separator.
  const separator = !extended && !several && names[0] === '';
  const patterns = names.filter((name) => name !== '').flatMap((name) => pattern(reference, name) ?? []);
  return { patterns, selection, returns, separator };
}

interface Extended {
  /** What mailboxes below it are selected for (RFC 5258 §4). */
  readonly childInfo?: readonly string[] | undefined;
  /** As the client named it (RFC 9051 §6.3.9.7). */
  readonly oldName?: string | undefined;
}

/** `* LIST (\Attributes) "/" name` */
export function listLine(
  session: Session,
  kind: 'LIST' | 'LSUB',
  attributes: readonly string[],
  path: string,
  { childInfo, oldName }: Extended = {},
): void {
  const { out } = session;
  out.text(`* ${kind} (${attributes.map((name) => `\\${name}`).join(' ')}) "/" `).mailbox(path);
  if (childInfo !== undefined || oldName !== undefined) {
    out.text(' (');
    if (childInfo !== undefined) out.text(`"CHILDINFO" (${childInfo.map((name) => `"${name}"`).join(' ')})`);
    if (childInfo !== undefined && oldName !== undefined) out.text(' ');
    if (oldName !== undefined) out.text('"OLDNAME" (').mailbox(oldName).text(')');
    out.text(')');
  }
  out.line('');
}

/** A mailbox that the client named, and what that is now if it is spelled otherwise. */
export function listOne(session: Session, place: Place, { path, given }: NamedMailbox): void {
  const below = `${place.folder.path}/`;
  const parents = new Set(place.account.folders().some((one) => one.path.startsWith(below)) ? [path] : []);
  const words = attributes({ path, place }, parents);
  if (session.account.subscriptions().includes(path)) words.push('Subscribed');
  listLine(session, 'LIST', words, path, path === given ? {} : { oldName: given });
}

/** The mailboxes above this one, nearest first. */
export function* above(path: string): Generator<string> {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) yield path.slice(0, at);
}

/** A name that LIST may tell: a mailbox, or one that is only subscribed or only above others. */
interface Candidate {
  readonly path: string;
  readonly place: Place | undefined;
  /** It passes the selection itself. */
  readonly selected: boolean;
  /** One below it does. */
  selectedBelow: boolean;
}

/** All mailboxes, one's own first; of other users with the names above them. */
async function mailboxes({ account, places }: Session): Promise<Map<string, Place | undefined>> {
  const all = new Map<string, Place | undefined>();
  for (const folder of account.folders()) all.set(folder.path, { account, folder, path: folder.path });
  for (const { address, account: owner } of await places.owners()) {
    const shared = owner.folders().map((folder) => ({ folder, path: `${OTHERS}${address}/${folder.path}` }));
    for (const { path } of shared) for (const parent of above(path)) all.set(parent, all.get(parent));
    for (const { folder, path } of shared) all.set(path, { account: owner, folder, path });
  }
  return all;
}

async function candidates(
  session: Session,
  selection: ListSelection,
  subscribed: ReadonlySet<string>,
): Promise<Candidate[]> {
  const passes = (path: string, place: Place | undefined): boolean => {
    const role = place?.folder.role;
    return (
      (!selection.subscribed || subscribed.has(path)) &&
      (!selection.specialUse || (role !== undefined && attributeOf(role) !== undefined))
    );
  };
  const all = new Map<string, Candidate>();
  const add = (path: string, place: Place | undefined): void => {
    all.set(path, { path, place, selected: passes(path, place), selectedBelow: false });
  };
  for (const [path, place] of await mailboxes(session)) add(path, place);
  if (selection.subscribed) for (const path of subscribed) if (!all.has(path)) add(path, undefined);
  if (selection.recursive) {
    for (const { path } of [...all.values()].filter(({ selected }) => selected)) {
      for (const parent of above(path)) {
        if (!all.has(parent)) add(parent, undefined);
        (all.get(parent) as Candidate).selectedBelow = true;
      }
    }
  }
  return [...all.values()];
}

function attributes({ path, place }: Pick<Candidate, 'path' | 'place'>, parents: ReadonlySet<string>): string[] {
  if (place === undefined) return parents.has(path) ? ['NonExistent', 'HasChildren'] : ['NonExistent'];
  const names = [parents.has(path) ? 'HasChildren' : 'HasNoChildren'];
  const { role } = place.folder;
  const use = role === undefined ? undefined : attributeOf(role);
  if (use !== undefined) names.push(use);
  return names;
}

/** LIST (RFC 3501 §6.3.8, OLDNAME: RFC 9051 §6.3.9.7, CHILDREN: RFC 3348, LIST-EXTENDED: RFC 5258, LIST-STATUS: RFC 5819, SPECIAL-USE: RFC 6154). */
export const list = command<ListArgs>({
  name: 'LIST',
  states: SIGNED_IN,
  capabilities: whenSignedIn('CHILDREN', 'SPECIAL-USE', 'LIST-EXTENDED', 'LIST-STATUS'),
  parse,
  async run({ patterns, selection, returns, separator }, session) {
    const { account, out } = session;
    if (separator) {
      out.line('* LIST (\\Noselect) "/" ""');
      return 'LIST completed';
    }
    if (patterns.length === 0) return 'LIST completed';
    if (returns.status !== undefined) noteStatusItems(session, returns.status);
    await account.refresh();
    const subscribed = new Set(account.subscriptions());
    const wanted = patterns.map((one) => new ListPattern(one.normalize('NFC')));
    const otherNames = new Map(session.rev2 ? patterns.map((one) => [canonicalPath(one), one]) : []);
    const tellSubscribed = selection.subscribed || returns.subscribed;
    const criteria = [
      ...(selection.subscribed ? ['SUBSCRIBED'] : []),
      ...(selection.specialUse ? ['SPECIAL-USE'] : []),
    ];
    const all = await candidates(session, selection, subscribed);
    const parents = new Set(all.flatMap(({ path, place }) => (place === undefined ? [] : [...above(path)])));
    out.begin();
    for (const one of all) {
      const { path, place, selected, selectedBelow } = one;
      if (out.mustPause()) await out.pause();
      if ((!selected && !selectedBelow) || !wanted.some((one) => one.matches(path))) continue;
      const words = attributes(one, parents);
      if (tellSubscribed && subscribed.has(path)) words.push('Subscribed');
      const given = otherNames.get(path);
      listLine(session, 'LIST', words, path, {
        childInfo: selectedBelow ? criteria : undefined,
        oldName: given === path ? undefined : given,
      });
      if (returns.status !== undefined && place !== undefined && selected && may(place.folder, 'r'))
        writeStatus(session, place, returns.status);
    }
    return 'LIST completed';
  },
});
