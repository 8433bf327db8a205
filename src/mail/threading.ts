/**
 * Messages as threads (RFC 5256 §3): REFERENCES, which is JWZ's algorithm, and ORDEREDSUBJECT. Nearly linear whatever References
 * say, and without recursion: whoever writes mail may make a thread of fifty thousand. Messages are sorted once and then
 * taken in that order, so that all children and roots come in theirs. Generators yield now and then, so that the caller can let
 * others have their turn.
 */
import { sortedInSteps } from './sort-in-steps.ts';
import type { BaseSubject } from './thread.ts';

export interface ThreadMessage {
  /** '' when it has none. */
  readonly messageId: string;
  /** What it answers, the oldest first (`threadParents`). */
  readonly parents: readonly string[];
  readonly subject: BaseSubject;
  /** When it was sent; any unit. */
  readonly date: number;
}

/** Numbers of messages, by their place in the list. What is no message (a missing parent of several) is -1. */
export interface ThreadNode {
  readonly message: number;
  readonly children: readonly ThreadNode[];
}

const NONE = -1;
/** Steps between two yields. */
const STEPS = 512;

type Steps<T> = Generator<undefined, T, undefined>;

interface Node {
  readonly message: number;
  children: Node[];
}

const NO_CHILDREN: Node[] = [];

function addChild(node: Node, child: Node): void {
  // Most have none, and half a million empty lists are memory that everybody waits for.
  if (node.children === NO_CHILDREN) node.children = [child];
  else node.children.push(child);
}

/** RFC 5256 §3, ORDEREDSUBJECT: those with one base subject, the others as answers to the first; by the date of the first. */
export function* threadsBySubject(messages: readonly ThreadMessage[]): Steps<readonly ThreadNode[]> {
  const order = yield* inOrder(messages);
  const bySubject = new Map<string, Node>();
  for (let i = 0; i < order.length; i++) {
    if (i % STEPS === STEPS - 1) yield;
    const message = order[i]!;
    const node: Node = { message, children: NO_CHILDREN };
    const { text } = messages[message]!.subject;
    const first = bySubject.get(text);
    if (first) addChild(first, node);
    else bySubject.set(text, node);
  }
  return [...bySubject.values()];
}

/** RFC 5256 §3, REFERENCES. */
export function* threadsByReferences(messages: readonly ThreadMessage[]): Steps<readonly ThreadNode[]> {
  const order = yield* inOrder(messages);
  const containers = yield* linked(messages);
  yield* pruned(containers, order);
  yield* gatheredBySubject(containers, order, messages);
  return yield* trees(containers, order);
}

/** By date, then as they came. */
function* inOrder(messages: readonly ThreadMessage[]): Steps<number[]> {
  const dates = new Float64Array(messages.length);
  const numbers: number[] = [];
  for (let number = 0; number < messages.length; number++) {
    if (number % STEPS === STEPS - 1) yield;
    dates[number] = messages[number]!.date;
    numbers.push(number);
  }
  return yield* sortedInSteps(numbers, (a, b) => dates[a]! - dates[b]! || a - b);
}

/** Steps 1 and 2: a container for every id, each with its parent. */
class Containers {
  /** Containers of messages come first, by their numbers. Behind them those of missing messages. */
  readonly messages: number;
  readonly parents: number[] = [];
  /** Where the tree of each begins, by way of others: no link is ever cut, so a loop is seen without walking the tree. */
  readonly #tops: number[] = [];
  readonly #ids = new Map<string, number>();

  constructor(messages: number) {
    this.messages = messages;
  }

  add(): number {
    this.#tops.push(this.parents.length);
    return this.parents.push(NONE) - 1;
  }

  /** A second one with the same id is one without (RFC 5256 §3, step 1). */
  name(number: number, id: string): void {
    if (id !== '' && !this.#ids.has(id)) this.#ids.set(id, number);
  }

  of(id: string): number {
    let number = this.#ids.get(id);
    if (number === undefined) this.#ids.set(id, (number = this.add()));
    return number;
  }

  /** Unless the child has a parent, or would become its own ancestor. */
  link(parent: number, child: number): void {
    if (this.parents[child] !== NONE || this.#top(parent) === child) return;
    this.parents[child] = parent;
    this.#tops[child] = parent;
  }

  isMessage(container: number): boolean {
    return container < this.messages;
  }

  #top(of: number): number {
    let top = of;
    while (this.#tops[top] !== top) {
      this.#tops[top] = this.#tops[this.#tops[top]!]!;
      top = this.#tops[top]!;
    }
    return top;
  }
}

function* linked(messages: readonly ThreadMessage[]): Steps<Containers> {
  const containers = new Containers(messages.length);
  for (let number = 0; number < messages.length; number++) {
    if (number % STEPS === STEPS - 1) yield;
    containers.name(containers.add(), messages[number]!.messageId);
  }
  // What a message says of itself goes before what others say of it, so that no link has to be cut again.
  for (let number = 0; number < messages.length; number++) {
    if (number % STEPS === STEPS - 1) yield;
    const last = messages[number]!.parents.at(-1);
    if (last !== undefined) containers.link(containers.of(last), number);
  }
  for (let number = 0; number < messages.length; number++) {
    if (number % STEPS === STEPS - 1) yield;
    const { parents } = messages[number]!;
    if (parents.length < 2) continue;
    let before = containers.of(parents[0]!);
    for (let i = 1; i < parents.length; i++) {
      const next = containers.of(parents[i]!);
      containers.link(before, next);
      before = next;
    }
  }
  return containers;
}

/** Step 3: the parent of a message is the nearest above it that is one, or the highest of all if that has several children. */
function* pruned(containers: Containers, order: readonly number[]): Steps<void> {
  const { parents } = containers;
  const isMissing = (container: number): boolean => container !== NONE && !containers.isMessage(container);
  /** The only child of each that is missing, as far as is known. */
  const only = new Map<number, number>();
  for (let i = 0; i < order.length; i++) {
    if (i % STEPS === STEPS - 1) yield;
    const message = order[i]!;
    let above = parents[message]!;
    while (isMissing(above) && parents[above] !== NONE) {
      const next = parents[above]!;
      // So that a long row of missing messages is walked once.
      if (isMissing(next) && parents[next] !== NONE) parents[above] = parents[next]!;
      above = next;
    }
    parents[message] = above;
    if (isMissing(above)) only.set(above, only.has(above) ? NONE : message);
  }
  let steps = 0;
  for (const child of only.values()) {
    if (++steps % STEPS === 0) yield;
    if (child !== NONE) parents[child] = NONE;
  }
}

/** Step 5: roots with one base subject are one thread. */
function* gatheredBySubject(
  containers: Containers,
  order: readonly number[],
  messages: readonly ThreadMessage[],
): Steps<void> {
  const { parents } = containers;
  /** Each root with the first message of its thread, whose subject is the thread's; in order. */
  const roots = new Map<number, number>();
  for (let i = 0; i < order.length; i++) {
    if (i % STEPS === STEPS - 1) yield;
    const message = order[i]!;
    const above = parents[message]!;
    if (above === NONE) roots.set(message, message);
    else if (!containers.isMessage(above) && !roots.has(above)) roots.set(above, message);
  }
  const subjectOf = (root: number): BaseSubject => messages[roots.get(root)!]!.subject;
  const table = new Map<string, number>();
  let steps = 0;
  for (const [root, first] of roots) {
    if (++steps % STEPS === 0) yield;
    const { text, reply } = messages[first]!.subject;
    if (text === '') continue;
    const known = table.get(text);
    const better =
      known === undefined ||
      (containers.isMessage(known) && (!containers.isMessage(root) || (subjectOf(known).reply && !reply)));
    if (better) table.set(text, root);
  }
  for (const [root, first] of roots) {
    if (++steps % STEPS === 0) yield;
    const { text, reply } = messages[first]!.subject;
    const known = text === '' ? undefined : table.get(text);
    if (known === undefined || known === root) continue;
    if (!containers.isMessage(known) || (reply && !subjectOf(known).reply)) parents[root] = known;
    else {
      const both = containers.add();
      parents[known] = both;
      parents[root] = both;
      table.set(text, both);
    }
  }
}

/** What stands below what, each in order. */
function* trees({ parents, messages }: Containers, order: readonly number[]): Steps<readonly ThreadNode[]> {
  const roots: Node[] = [];
  const nodes: (Node | undefined)[] = [];
  nodes.length = parents.length;
  const nodeOf = (container: number): Node =>
    (nodes[container] ??= { message: container < messages ? container : NONE, children: NO_CHILDREN });
  for (let i = 0; i < order.length; i++) {
    if (i % STEPS === STEPS - 1) yield;
    const node = nodeOf(order[i]!);
    let above = parents[order[i]!]!;
    // Missing messages with one subject are one.
    if (above >= messages && parents[above] !== NONE) above = parents[above]!;
    if (above === NONE) {
      roots.push(node);
      continue;
    }
    if (above >= messages && nodes[above] === undefined) roots.push(nodeOf(above));
    addChild(nodeOf(above), node);
  }
  return roots;
}
