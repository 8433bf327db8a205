/**
 * Messages as threads (RFC 5256 §3): REFERENCES, which is JWZ's algorithm, and ORDEREDSUBJECT. Nearly linear whatever References
 * say, and without recursion: whoever writes mail may make a thread of fifty thousand. Generators yield now and then, so
 * that the caller can let others have their turn.
 */
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
  message: number;
  children: Node[];
  date: number;
}

/** RFC 5256 §3, ORDEREDSUBJECT: those with one base subject, the others as answers to the first; by the date of the first. */
export function* threadsBySubject(messages: readonly ThreadMessage[]): Steps<readonly ThreadNode[]> {
  const bySubject = new Map<string, Node[]>();
  for (const [message, { subject, date }] of messages.entries()) {
    if (message % STEPS === STEPS - 1) yield;
    const node = { message, children: [], date };
    const known = bySubject.get(subject.text);
    if (known) known.push(node);
    else bySubject.set(subject.text, [node]);
  }
  const roots: Node[] = [];
  for (const nodes of bySubject.values()) {
    nodes.sort(byDate);
    const [first, ...others] = nodes;
    roots.push({ ...first!, children: others });
  }
  yield;
  return roots.sort(byDate);
}

/** RFC 5256 §3, REFERENCES. */
export function* threadsByReferences(messages: readonly ThreadMessage[]): Steps<readonly ThreadNode[]> {
  const containers = yield* linked(messages);
  const roots = yield* pruned(containers, messages);
  dateRoots(roots);
  const gathered = yield* gatheredBySubject(roots.sort(byDate), messages);
  yield* sortSiblings(gathered);
  dateRoots(gathered);
  return gathered.sort(byDate);
}

/** Steps 1 and 2: a container for every id, each with its parent. Containers of messages come first. */
class Containers {
  /** Ids that are no message of ours, or the second one with an id, have containers behind those of messages. */
  readonly parents: number[] = [];
  /** Where the tree of each begins, by way of others: no link is ever cut, so a loop is seen without walking the tree. */
  readonly #tops: number[] = [];
  readonly #ids = new Map<string, number>();

  constructor(messages: readonly ThreadMessage[]) {
    for (const [number, { messageId }] of messages.entries()) {
      this.#new();
      // A second one with the same id is one without (RFC 5256 §3, step 1).
      if (messageId !== '' && !this.#ids.has(messageId)) this.#ids.set(messageId, number);
    }
  }

  of(id: string): number {
    let number = this.#ids.get(id);
    if (number === undefined) this.#ids.set(id, (number = this.#new()));
    return number;
  }

  /** Unless the child has a parent, or would become its own ancestor. */
  link(parent: number, child: number): void {
    if (this.parents[child] !== NONE || this.#top(parent) === child) return;
    this.parents[child] = parent;
    this.#tops[child] = parent;
  }

  #new(): number {
    this.#tops.push(this.parents.length);
    return this.parents.push(NONE) - 1;
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
  const containers = new Containers(messages);
  // What a message says of itself goes before what others say of it, so that no link has to be cut again.
  for (const [number, { parents }] of messages.entries()) {
    if (number % STEPS === STEPS - 1) yield;
    const last = parents.at(-1);
    if (last !== undefined) containers.link(containers.of(last), number);
  }
  for (const [number, { parents }] of messages.entries()) {
    if (number % STEPS === STEPS - 1) yield;
    for (let i = 1; i < parents.length; i++)
      containers.link(containers.of(parents[i - 1]!), containers.of(parents[i]!));
  }
  return containers;
}

/** Step 3: what is no message goes, its children take its place; at the top only a single child does. */
function* pruned({ parents }: Containers, messages: readonly ThreadMessage[]): Steps<Node[]> {
  const nodes = parents.map((_, number): Node => {
    const message = messages[number];
    return { message: message ? number : NONE, children: [], date: message?.date ?? 0 };
  });
  const roots: Node[] = [];
  for (const [number, node] of nodes.entries()) {
    if (number % STEPS === STEPS - 1) yield;
    // The nearest above it that is a message, or the highest of all.
    let above = parents[number]!;
    if (node.message === NONE && above !== NONE) continue;
    while (above !== NONE && nodes[above]!.message === NONE && parents[above] !== NONE) {
      const next = parents[above]!;
      // So that a long row of missing messages is walked once.
      if (nodes[next]!.message === NONE && parents[next] !== NONE) parents[above] = parents[next]!;
      above = next;
    }
    if (above === NONE) roots.push(node);
    else nodes[above]!.children.push(node);
  }
  return roots.flatMap((root) => {
    if (root.message !== NONE) return [root];
    return root.children.length > 1 ? [root] : root.children;
  });
}

/** Step 5: roots with one base subject are one thread. */
function* gatheredBySubject(roots: readonly Node[], messages: readonly ThreadMessage[]): Steps<Node[]> {
  const subjectOf = (root: Node): BaseSubject =>
    messages[(root.message === NONE ? root.children[0]! : root).message]!.subject;
  const table = new Map<string, Node>();
  for (const [i, root] of roots.entries()) {
    if (i % STEPS === STEPS - 1) yield;
    const { text, reply } = subjectOf(root);
    if (text === '') continue;
    const known = table.get(text);
    const better =
      known === undefined ||
      (root.message === NONE && known.message !== NONE) ||
      (known.message !== NONE && root.message !== NONE && subjectOf(known).reply && !reply);
    if (better) table.set(text, root);
  }
  const gone = new Set<Node>();
  /** A root that is one of several under a new one, in place of the one that it was. */
  const instead = new Map<Node, Node>();
  for (const [i, root] of roots.entries()) {
    if (i % STEPS === STEPS - 1) yield;
    const { text, reply } = subjectOf(root);
    const known = text === '' ? undefined : table.get(text)!;
    if (known === undefined || known === root || instead.has(root)) continue;
    gone.add(root);
    if (known.message === NONE) known.children.push(...(root.message === NONE ? root.children : [root]));
    else if (reply && !subjectOf(known).reply) known.children.push(root);
    else {
      const both: Node = { message: NONE, children: [known, root], date: known.date };
      instead.set(known, both);
      table.set(text, both);
    }
  }
  return roots.filter((root) => !gone.has(root)).map((root) => instead.get(root) ?? root);
}

/** Step 6. */
function* sortSiblings(roots: readonly Node[]): Steps<void> {
  let steps = 0;
  const open = [...roots];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (++steps % STEPS === 0) yield;
    if (node.children.length > 1) node.children.sort(byDate);
    for (const child of node.children) open.push(child);
  }
}

/** Of what is no message, that of its first child. */
function dateRoots(roots: readonly Node[]): void {
  for (const root of roots) {
    if (root.message !== NONE) continue;
    root.children.sort(byDate);
    root.date = root.children[0]!.date;
  }
}

function byDate(a: Node, b: Node): number {
  return a.date - b.date || a.message - b.message;
}
