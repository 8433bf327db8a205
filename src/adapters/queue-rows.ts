/** An entry of the queues as it stands in the store: `20 queue id`, JSON. */
import { Damaged } from '../ports/kv.ts';
import { QUEUE_NAMES, type QueueEntry, type QueueId, type QueueName } from '../ports/queue.ts';
import { encodeRow } from './queue-shard.ts';

const ROW = 0x20;

export const ALL_ROWS = { start: Buffer.of(ROW), end: Buffer.of(ROW + 1) };

export interface Row {
  readonly created: number;
  readonly due: number;
  readonly attempts: number;
  readonly reason?: string;
  readonly held?: true;
  readonly tags?: readonly string[];
  readonly payload: unknown;
}

/** What of an entry is written, beside its payload. */
export type RowFacts = Omit<QueueEntry, 'payload'>;

export function rowKey({ queue, id }: { queue: QueueName; id: QueueId }): Buffer {
  return Buffer.from(`${String.fromCharCode(ROW)}${String.fromCharCode(QUEUE_NAMES.indexOf(queue))}${id}`, 'latin1');
}

export function parseKey(key: Uint8Array): { queue: QueueName; id: QueueId } {
  const queue = QUEUE_NAMES[key[1] ?? -1];
  if (!queue) throw new Damaged(`a queue row of an unknown queue: ${Buffer.from(key).toString('hex')}`);
  return { queue, id: Buffer.from(key.subarray(2)).toString('latin1') as QueueId };
}

export function encode({ created, due, attempts, reason, held, tags }: RowFacts, payload: unknown): Buffer {
  const row: Row = {
    created,
    due,
    attempts,
    ...(reason !== undefined && { reason }),
    ...(held && { held }),
    ...(tags.length > 0 && { tags }),
    payload,
  };
  return encodeRow(row);
}

export function view(item: RowFacts, payload: unknown): QueueEntry {
  const { id, queue, tags, created, due, attempts, reason, held } = item;
  return { id, queue, tags, created, due, attempts, reason, held, payload };
}

export function oneLine(reason: string): string {
  return reason.replaceAll(/[\x00-\x1f\x7f]+/g, ' ').slice(0, 500);
}
