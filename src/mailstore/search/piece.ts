/** A piece of the index that is in memory: some messages, indexed, and not written yet. */
import type { AccountId } from '../api.ts';
import type { Node } from '../mailbox.ts';
import { type MessageName, readMessages } from './input.ts';
import { MemoryRows, Segment } from './reader.ts';
import type { MessageBatch, Row } from './work.ts';

export interface Piece {
  readonly segment: Segment;
  readonly rows: MemoryRows;
}

/** Of text that is indexed in one piece: whatever words it is made of, the thread has room for them. */
const PIECE_BYTES = 32 << 20;

/** Of these messages, in order of their ids, as many as one piece has room for. `urgent`: somebody waits for it. */
export async function buildPiece(
  node: Node,
  account: AccountId,
  names: readonly MessageName[],
  urgent: boolean,
): Promise<{ readonly piece: Piece; readonly count: number }> {
  const rows = new MemoryRows();
  let count = 0;
  const batches = counted(readMessages(node, account, names, PIECE_BYTES), (some) => (count += some));
  const take = async (some: readonly Row[]): Promise<void> => {
    for (const row of some) rows.put(...row);
  };
  const facts = await node.search.work.build(newSegmentId(node), batches, take, {
    urgent,
    spent: (ms) => node.search.indexing.charge(account, ms),
  });
  return { piece: { segment: new Segment(facts, rows), rows }, count };
}

/** Begins with the time. */
export function newSegmentId({ clock, random }: Pick<Node, 'clock' | 'random'>): string {
  const time = Math.floor(clock.now()).toString(16).padStart(12, '0');
  return time + Buffer.from(random.bytes(6)).toString('hex');
}

async function* counted(
  batches: AsyncIterable<MessageBatch>,
  tell: (count: number) => void,
): AsyncGenerator<MessageBatch> {
  for await (const batch of batches) {
    tell(batch.count);
    yield batch;
  }
}
