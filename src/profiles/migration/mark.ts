/** What a store says of its own move: where the mail is that was here, or that not all of it has arrived yet. */
import type { CommitId, KeyValueStore } from '../../ports/kv.ts';
import { partition } from '../../ports/kv.ts';
import type { Random } from '../../ports/random.ts';
import { StartError } from '../start-error.ts';

/** Its header is the mark; it stays where it is when the rest moves. */
export const MARK = partition('c', 'migration');

export interface Mark {
  /** `leaving`: a move from here has begun and may go on. `arriving`: not everything is here. `left`: it is elsewhere now. `here`: it has all arrived. */
  readonly state: 'leaving' | 'arriving' | 'left' | 'here';
  /** Of the move: the same in both stores. */
  readonly move: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Where it went, for people. */
  readonly to?: string;
}

export async function markOf(kv: KeyValueStore): Promise<Mark | undefined> {
  const { value } = await kv.head(MARK);
  return value && (JSON.parse(Buffer.from(value).toString()) as Mark);
}

export async function setMark(kv: KeyValueStore, mark: Mark, random: Random): Promise<void> {
  const { version } = await kv.head(MARK);
  const id = `migration.${Buffer.from(random.bytes(9)).toString('base64url')}` as CommitId;
  const { kind } = await kv.commit(MARK, version, version + 1, { header: Buffer.from(JSON.stringify(mark)) }, id);
  const done = kind === 'unknown' ? await kv.resolve(MARK, version, id) : kind;
  if (done !== 'applied') throw new StartError('the store could not be marked: somebody else uses it');
}

/** Throws `StartError` when the mail of this store is not to be served. */
export async function checkServed(kv: KeyValueStore): Promise<void> {
  const mark = await markOf(kv);
  if (mark?.state === 'arriving')
    throw new StartError('mail is on its way into this store, and not all of it is here: run pabal migrate again');
  if (mark?.state === 'left')
    throw new StartError(
      `the mail of this store went to ${mark.to ?? 'another one'} on ${new Date(mark.at).toISOString().slice(0, 10)}: start that one, or see pabal migrate --reopen`,
    );
}
