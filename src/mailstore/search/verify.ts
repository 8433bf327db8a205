/** Is the search index sound, and does it say what the mails say? Reads all of it, and the mails once more. */
import type { AccountId, MessageMeta, MsgId } from '../api.ts';
import type { Node } from '../mailbox.ts';
import type { AccountFacts } from '../state.ts';
import { readMessages } from './input.ts';
import { decodeManifest, readManifestRow, sameBytes } from './manifest.ts';
import { segmentProblem } from './merge.ts';
import { MemoryRows, Segment } from './reader.ts';
import { StoredRows } from './rows.ts';
import { type Doc, DocFlag, type SegmentFacts } from './segment.ts';
import { LastRows } from './work.ts';

const MOST_READINGS = 5;
/** Messages that are indexed once more at a time. */
const AT_ONCE = 512;
const SCRATCH = '0'.repeat(24);

/** Each in one sentence. */
export async function searchProblems(
  node: Node,
  account: AccountId,
  facts: AccountFacts,
  messages: ReadonlyMap<MsgId, MessageMeta>,
): Promise<string[]> {
  for (let reading = 1; ; reading++) {
    let before: Uint8Array | undefined;
    let problems: string[];
    try {
      before = await readManifestRow(node.kv, account);
      problems = await problemsOf(node, account, before, facts, messages);
    } catch (error) {
      problems = [`search: ${error instanceof Error ? error.message : String(error)}`];
    }
    if (problems.length === 0 || reading === MOST_READINGS) return problems;
    // Merged under our eyes? Then it is read again.
    const after = await readManifestRow(node.kv, account).catch(() => before);
    if (sameBytes(before, after)) return problems;
  }
}

async function problemsOf(
  node: Node,
  account: AccountId,
  row: Uint8Array | undefined,
  { nextMessage }: AccountFacts,
  messages: ReadonlyMap<MsgId, MessageMeta>,
): Promise<string[]> {
  const { upTo, segments } = decodeManifest(row);
  const problems: string[] = [];
  if (upTo >= nextMessage) problems.push(`search: indexed up to message ${upTo}, ids only go to ${nextMessage - 1}`);
  let last = 0;
  const indexed = new Map<number, Doc>();
  for (const facts of segments) {
    const where = `search segment ${facts.id}`;
    if (facts.first <= last || facts.last > upTo || facts.first > facts.last)
      problems.push(`${where}: messages ${facts.first} to ${facts.last} are out of order`);
    last = facts.last;
    try {
      const problem = await readSegment(node, account, facts, indexed);
      if (problem !== undefined) problems.push(`${where}: ${problem}`);
    } catch (error) {
      problems.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const present = [...messages.values()].filter(({ id }) => id <= upTo).sort((a, b) => a.id - b.id);
  for (const { id } of present)
    if (!indexed.has(id)) problems.push(`search: message ${id} is not in the index, which reaches up to ${upTo}`);
  problems.push(...(await compare(node, account, present, indexed)));
  return problems;
}

async function readSegment(
  { kv }: Node,
  account: AccountId,
  facts: SegmentFacts,
  indexed: Map<number, Doc>,
): Promise<string | undefined> {
  const segment = new Segment(facts, new LastRows(new StoredRows(kv, account, facts.id)));
  for await (const doc of segment.allDocs()) {
    if (doc.id < facts.first || doc.id > facts.last) return `it holds message ${doc.id}`;
    indexed.set(doc.id, doc);
  }
  return segmentProblem(segment);
}

/** Every message, indexed once more, has the fingerprint that the index notes. */
async function compare(
  node: Node,
  account: AccountId,
  messages: readonly MessageMeta[],
  indexed: ReadonlyMap<number, Doc>,
): Promise<string[]> {
  const problems: string[] = [];
  for (let at = 0; at < messages.length; at += AT_ONCE) {
    const rows = new MemoryRows();
    const batches = readMessages(node, account, messages.slice(at, at + AT_ONCE));
    const facts = await node.search.work.build(SCRATCH, batches, async (some) => {
      for (const row of some) rows.put(...row);
    });
    for await (const doc of new Segment(facts, rows).allDocs()) {
      const noted = indexed.get(doc.id);
      // What cannot be read now is told by the check of the mails; how far a document was read may depend on the time it took.
      if (!noted || doc.flags & DocFlag.skipped || (noted.flags | doc.flags) & DocFlag.unread) continue;
      if (noted.fingerprint !== doc.fingerprint || noted.words !== doc.words || noted.flags !== doc.flags)
        problems.push(`search: the index says something else of message ${doc.id} than the mail does`);
    }
  }
  return problems;
}
