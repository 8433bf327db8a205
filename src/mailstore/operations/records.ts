/** Small facts of an account, and the results of calls that must not be done twice. */
import { MailError } from '../../mail/error.ts';
import type { Entry, Key, Version } from '../../ports/kv.ts';
import type { RecordChange, RecordKey } from '../api.ts';
import type { Operation } from '../commit.ts';
import { onceKey, recordKey } from '../keys.ts';
import type { LogChange } from '../state.ts';

const MOST_BYTES = 64 << 10;
/** The call has been done: whatever it answers must be kept, as far as a row holds it. */
const MOST_ONCE_BYTES = 240 << 10;
const KIND = /^[a-z0-9-]{1,40}$/;
const MOST_ID_BYTES = 255;

export function checkedRecordKey(kind: string, id: string): Uint8Array {
  if (!KIND.test(kind)) throw new MailError('bug', 'bug', `not a kind of record: ${kind.slice(0, 40)}`);
  if (id === '' || id.includes('\0') || !id.isWellFormed() || Buffer.byteLength(id) > MOST_ID_BYTES)
    throw new MailError('syntax', 'syntax', `not the id of a record: ${JSON.stringify(id.slice(0, 40))}`);
  return recordKey(kind, id);
}

export function putRecord(kind: string, id: string, value: unknown): Operation<Version> {
  const key = checkedRecordKey(kind, id);
  const bytes = value === undefined ? undefined : json(value);
  return {
    plan: (draft) => ({
      changes: [{ type: 'record', kind, id }],
      ...(bytes ? { put: [[key, bytes]] } : { remove: [key] }),
      result: draft.version,
    }),
  };
}

/** See `MailAccount.changeRecords`. */
export function changeRecords(keys: readonly RecordKey[], change: RecordChange): Operation<Version> {
  const rows = keys.map(({ kind, id }) => checkedRecordKey(kind, id));
  return {
    reads: () => rows,
    plan(draft) {
      const before = ({ kind, id }: RecordKey): unknown => {
        const row = draft.row(recordKey(kind, id));
        return row === undefined ? undefined : JSON.parse(Buffer.from(row).toString());
      };
      const after = change(before, draft.version);
      const put: Entry[] = [];
      const remove: Key[] = [];
      for (const { kind, id, value } of after) {
        const key = checkedRecordKey(kind, id);
        if (value === undefined) remove.push(key);
        else put.push([key, json(value)]);
      }
      return {
        changes: after.map(({ kind, id }) => ({ type: 'record' as const, kind, id })),
        put,
        remove,
        result: draft.version,
      };
    },
  };
}

/** A record that another operation writes with its own rows. */
export function recordRow(kind: string, id: string, value: unknown): { change: LogChange; row: Entry } {
  return { change: { type: 'record', kind, id }, row: [checkedRecordKey(kind, id), json(value)] };
}

export function rememberOnce(day: number, name: string, result: unknown): Operation<void> {
  const key = onceKey(day, name);
  const bytes = json({ result }, MOST_ONCE_BYTES);
  return { plan: () => ({ changes: [], put: [[key, bytes]], result: undefined }) };
}

export function setQuota(limit: number | undefined): Operation<void> {
  return {
    plan: (draft) => ({
      changes: draft.facts.limit === limit ? [] : [{ type: 'quota', limit }],
      result: undefined,
    }),
  };
}

function json(value: unknown, most = MOST_BYTES): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(value));
  if (bytes.length > most) throw new MailError('too-large', 'user', `a record of ${bytes.length} bytes`);
  return bytes;
}
