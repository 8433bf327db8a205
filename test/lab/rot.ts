/** A store with mail in it, and whether what is read from a damaged copy of it is what was there. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openBlobFiles } from '../../src/adapters/blob-files.ts';
import { LocalBus } from '../../src/adapters/bus-local.ts';
import { SystemClock } from '../../src/adapters/clock-system.ts';
import { openLmdb } from '../../src/adapters/kv-lmdb.ts';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { MailError } from '../../src/mail/error.ts';
import {
  type AccountId,
  type EmailId,
  Flag,
  type FolderId,
  type MailAccount,
  type MailStore,
  type MessageMeta,
  type MsgId,
  type Principal,
} from '../../src/mailstore/api.ts';
import { createMailStore } from '../../src/mailstore/store.ts';

const ACCOUNTS = ['rot-1', 'rot-2'] as readonly string[] as readonly AccountId[];
const MESSAGES = 40;
const READER: Principal = { kind: 'system', role: 'verify' };
const INTAKE: Principal = { kind: 'system', role: 'intake' };

/** What an account held, of each message and folder as it is read. */
export interface Held {
  readonly folders: Readonly<Record<string, FolderId>>;
  readonly messages: Readonly<Record<MsgId, MessageMeta>>;
  /** Digests of bodies and details. */
  readonly contents: Readonly<Record<EmailId, string>>;
  /** Were there once. */
  readonly removed: readonly MsgId[];
}

export type AllHeld = Readonly<Record<AccountId, Held>>;

/** How a reading of a damaged copy went; each number counts what was read, or was not. */
export interface Reading {
  /** Why the store was not opened at all. */
  readonly refused?: string;
  right: number;
  /** Read as an error. */
  errors: number;
  /** Nothing was said, but it was not there. */
  absent: number;
  /** As it had been before its last change. */
  older: number;
  wrong: number;
  /** What `verify` found. */
  problems: number;
  readonly examples: string[];
}

async function openStore(folder: string, seed: number) {
  const stack = new AsyncDisposableStack();
  const clock = new SystemClock();
  const random = new SeededRandom(seed);
  const kv = stack.use(await openLmdb(join(folder, 'kv')));
  const blobs = stack.use(await openBlobFiles(join(folder, 'blobs'), random));
  const store: MailStore = stack.use(createMailStore({ kv, blobs, clock, random, bus: new LocalBus() }));
  return { store, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Mail that was filed, flagged, moved and expunged, in two accounts. */
export async function fillStore(folder: string, seed: number): Promise<AllHeld> {
  const random = new SeededRandom(seed);
  await using opened = await openStore(folder, seed);
  const { store } = opened;
  const held: Record<AccountId, Held> = {};
  for (const id of ACCOUNTS) {
    await store.createAccount(id);
    using account = await store.open(INTAKE, id);
    const other = await account.createFolder('Kept');
    const inbox = account.folderAt('INBOX')!;
    const ids: MsgId[] = [];
    for (let i = 0; i < MESSAGES; i++) {
      const placed = await account.addMessage(rawMessage(random, `${id}-${i}`, i), {
        folder: i % 3 === 0 ? other.id : inbox.id,
        flags: i % 2 === 0 ? Flag.seen : 0,
        keywords: i % 7 === 0 ? ['$Label'] : [],
      });
      ids.push(placed.id);
    }
    const removed = ids.filter((_, i) => i % 9 === 4);
    await account.move(ids.slice(10, 20), other.id);
    await account.updateMessage(ids.slice(20, 35), { mode: 'add', flags: Flag.flagged, keywords: ['later'] });
    await account.putRecord('note', 'one', { text: 'kept' });
    // The last commit is one whose loss shows.
    await account.deleteMessage(removed);
    held[id] = await hold(account, removed);
  }
  return held;
}

function rawMessage(random: SeededRandom, name: string, i: number): Buffer {
  const size = i % 20 === 19 ? 120_000 : 200 + random.below(9000);
  const body = Buffer.from(random.bytes(size)).toString('base64').replace(/.{76}/g, '$&\r\n');
  return Buffer.from(
    `Message-ID: <${name}@rot.test>\r\nFrom: a@rot.test\r\nSubject: ${name}\r\nMIME-Version: 1.0\r\n` +
      `Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}\r\n`,
  );
}

async function hold(account: MailAccount, removed: readonly MsgId[]): Promise<Held> {
  const messages: Record<MsgId, MessageMeta> = {};
  const contents: Record<EmailId, string> = {};
  for (const id of account.getMessageIds({ limit: 10 * MESSAGES })) {
    const meta = account.meta(id)!;
    messages[id] = meta;
    contents[meta.email] = await contentOf(account, id);
  }
  return {
    folders: Object.fromEntries(account.folders().map(({ path, id }) => [path, id])),
    messages,
    contents,
    removed,
  };
}

async function contentOf(account: MailAccount, id: MsgId): Promise<string> {
  const { details, body } = await account.getMessage(id);
  const hash = createHash('sha256').update(JSON.stringify(details));
  for await (const piece of body.stream()) hash.update(piece);
  return hash.digest('hex');
}

/** Opens the copy, verifies it, and reads everything in it. */
export async function readStore(folder: string, held: AllHeld): Promise<Reading> {
  const reading: Reading = { right: 0, errors: 0, absent: 0, older: 0, wrong: 0, problems: 0, examples: [] };
  let opened: Awaited<ReturnType<typeof openStore>>;
  try {
    opened = await openStore(folder, 1);
  } catch (error) {
    return { ...reading, refused: String(error) };
  }
  await using store = opened;
  try {
    for await (const _ of store.store.verify()) reading.problems++;
  } catch {
    reading.problems++;
  }
  for (const [id, expected] of Object.entries(held)) await readAccount(store.store, id as AccountId, expected, reading);
  return reading;
}

async function readAccount(store: MailStore, id: AccountId, held: Held, reading: Reading): Promise<void> {
  const note = (kind: 'errors' | 'absent' | 'older' | 'wrong', what: string) => {
    reading[kind]++;
    if (kind !== 'errors' && reading.examples.length < 3) reading.examples.push(`${kind}: ${what}`);
  };
  try {
    using account = await store.open(READER, id);
    for (const [path, folder] of Object.entries(held.folders))
      if (account.folderAt(path)?.id !== folder) note('absent', `${id}: folder ${path}`);
    const seen = new Set<number>();
    for (const message of account.getMessageIds({ limit: 10 * MESSAGES })) {
      seen.add(message);
      const expected = held.messages[message];
      const meta = account.meta(message);
      if (!expected || !meta) {
        note(held.removed.includes(message) ? 'older' : 'wrong', `${id}: message ${message}`);
        continue;
      }
      if (JSON.stringify(meta) !== JSON.stringify(expected)) {
        note(meta.modseq < expected.modseq ? 'older' : 'wrong', `${id}: message ${message}: ${JSON.stringify(meta)}`);
        continue;
      }
      try {
        if ((await contentOf(account, message)) === held.contents[meta.email]) reading.right++;
        else note('wrong', `${id}: content of message ${message}`);
      } catch {
        reading.errors++;
      }
    }
    for (const message of Object.keys(held.messages))
      if (!seen.has(Number(message))) note('absent', `${id}: message ${message}`);
  } catch (error) {
    if (error instanceof MailError && error.code === 'account-missing') note('absent', `account ${id}`);
    else note('errors', id);
  }
}
