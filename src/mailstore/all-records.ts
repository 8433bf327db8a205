/** Every record of an account, whatever its kind: for whoever must not leave one out. */
import type { KeyValueStore } from '../ports/kv.ts';
import type { AccountId } from './api.ts';
import { accountPartition, allRecords, recordOf } from './keys.ts';

export interface StoredRecord {
  readonly kind: string;
  readonly id: string;
  readonly value: unknown;
}

/** By kind and id. */
export async function* recordsOfAll(kv: KeyValueStore, account: AccountId): AsyncIterable<StoredRecord> {
  for await (const page of kv.scan(accountPartition(account), allRecords()))
    for (const [key, value] of page) {
      const [kind, id] = recordOf(key);
      yield { kind, id, value: JSON.parse(Buffer.from(value).toString()) as unknown };
    }
}
