/** Calls that are carried out at most once for a key (24 h): whoever repeats one gets the first one's result. */
import type { KeyValueStore } from '../ports/kv.ts';
import type { AccountId } from './api.ts';
import type { Operation } from './commit.ts';
import { accountPartition, onceKey } from './keys.ts';
import { DAY } from './operations/publish.ts';
import { rememberOnce } from './operations/records.ts';
import { told } from './told.ts';

export interface OnceParts {
  readonly kv: KeyValueStore;
  readonly account: AccountId;
  /** Those that are under way, of all accounts of this node. */
  readonly running: Map<string, Promise<unknown>>;
  readonly run: <T>(operation: Operation<T>) => Promise<T>;
}

export function once<T>(parts: OnceParts, key: string, now: number, act: () => Promise<T>): Promise<T> {
  const name = `${parts.account}\0${key}`;
  const before = parts.running.get(name);
  if (before) return before as Promise<T>;
  const mine = carryOut(parts, key, now, act).finally(() => parts.running.delete(name));
  parts.running.set(name, mine);
  return mine;
}

/** The day's row is looked for on the day after, too. */
async function carryOut<T>(
  { kv, account, run }: OnceParts,
  key: string,
  now: number,
  act: () => Promise<T>,
): Promise<T> {
  const today = Math.floor(now / DAY);
  const rows = await told(() => kv.get(accountPartition(account), [onceKey(today, key), onceKey(today - 1, key)]));
  const known = rows[0] ?? rows[1];
  if (known) return (JSON.parse(Buffer.from(known).toString()) as { result: T }).result;
  const result = await act();
  await run(rememberOnce(today, key, result));
  return result;
}
