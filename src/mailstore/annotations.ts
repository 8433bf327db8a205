/**
 * Annotations (RFC 5464): small values that programs keep with a folder, or with the account as a whole. Each is a record whose id says
 * where it belongs, so that those that are set together are one commit, and the change log names each one. Those of a folder that was
 * deleted belong to nothing, for its id never comes again; the next one that is set takes them away.
 */
import { MailError } from '../mail/error.ts';
import type { FolderId, MailAccount, RecordKey } from './api.ts';

/** Kind of the records, for whoever reads the log. */
export const ANNOTATION = 'annotation';

/** Of the account as a whole: what RFC 5464 calls the server's. */
export const WHOLE_ACCOUNT = 0;
export type AnnotationPlace = FolderId | typeof WHOLE_ACCOUNT;

export const ANNOTATION_LIMITS = {
  /** Bytes of a name. */
  name: 200,
  /** Bytes of a value. */
  value: 32 << 10,
  /** In an account, and the bytes of all values. */
  count: 500,
  bytes: 1 << 20,
};

export interface Annotation {
  /** `/shared/comment`: in lower case, for names mean the same in any. */
  readonly entry: string;
  readonly value: Uint8Array;
}

type Account = Pick<MailAccount, 'record' | 'records' | 'changeRecords' | 'folder'>;

/** The name as it is kept. Throws `syntax` for what is none (RFC 5464 §3.2). */
export function entryName(text: string): string {
  const entry = text.toLowerCase();
  const levels = entry.split('/').slice(1);
  const printable = /^[\x20-\x7e]+$/.test(entry) && !/[*%]/.test(entry) && entry.length <= ANNOTATION_LIMITS.name;
  const rooted = entry.startsWith('/private/') || entry.startsWith('/shared/');
  if (!printable || !rooted || levels.includes(''))
    throw new MailError('syntax', 'syntax', 'an entry is named /private/... or /shared/...');
  return entry;
}

/** Undefined when there is none. */
export async function annotation(
  account: Pick<MailAccount, 'record'>,
  place: AnnotationPlace,
  entry: string,
): Promise<Uint8Array | undefined> {
  const value = await account.record<string>(ANNOTATION, `${place}${entry}`);
  return value === undefined ? undefined : Buffer.from(value, 'base64');
}

/** All that a place has, by name. */
export async function annotations(account: Account, place: AnnotationPlace): Promise<readonly Annotation[]> {
  const all = await account.records<string>(ANNOTATION);
  return all.flatMap(({ id, value }) => {
    const at = placeOf(id);
    return at.place === place ? [{ entry: at.entry, value: Buffer.from(value, 'base64') }] : [];
  });
}

/** Sets and, with undefined, removes, in one commit. Throws `too-large` for a value, `limit` for more than an account may have. */
export async function annotate(
  account: Account,
  place: AnnotationPlace,
  values: ReadonlyMap<string, Uint8Array | undefined>,
): Promise<void> {
  for (const value of values.values())
    if (value !== undefined && value.length > ANNOTATION_LIMITS.value)
      throw new MailError('too-large', 'user', `an annotation has ${ANNOTATION_LIMITS.value} bytes at most`);
  const changes = Array.from(values, ([entry, value]) => ({
    ...keyOf(`${place}${entry}`),
    value: value && Buffer.from(value).toString('base64'),
  }));
  const orphans = await checkRoom(account, place, values);
  await account.changeRecords([...changes, ...orphans], (before) => [
    ...changes.filter((change) => change.value !== before(change)),
    ...orphans.filter((key) => before(key) !== undefined).map((key) => ({ ...key, value: undefined })),
  ]);
}

/** Answers what belongs to nothing any more. */
async function checkRoom(
  account: Account,
  place: AnnotationPlace,
  values: ReadonlyMap<string, Uint8Array | undefined>,
): Promise<readonly RecordKey[]> {
  const orphans: RecordKey[] = [];
  let count = 0;
  let bytes = 0;
  for (const { id, value } of await account.records<string>(ANNOTATION)) {
    const at = placeOf(id);
    if (at.place !== WHOLE_ACCOUNT && account.folder(at.place) === undefined) orphans.push(keyOf(id));
    else if (at.place !== place || !values.has(at.entry)) {
      count++;
      bytes += Buffer.byteLength(value, 'base64');
    }
  }
  let adds = false;
  for (const value of values.values()) {
    if (value === undefined) continue;
    adds = true;
    count++;
    bytes += value.length;
  }
  // Taking away is possible however many there are.
  if (adds && (count > ANNOTATION_LIMITS.count || bytes > ANNOTATION_LIMITS.bytes))
    throw new MailError('limit', 'user', `an account has ${ANNOTATION_LIMITS.count} annotations at most`);
  return orphans;
}

function keyOf(id: string): RecordKey {
  return { kind: ANNOTATION, id };
}

export function placeOf(id: string): { readonly place: AnnotationPlace; readonly entry: string } {
  const slash = id.indexOf('/');
  return { place: Number(id.slice(0, slash)) as AnnotationPlace, entry: id.slice(slash) };
}
