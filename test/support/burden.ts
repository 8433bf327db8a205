/**
 * What a mail to many costs those who send and those who receive it, with and without Downmail: bytes carried to the receiving side, and
 * bytes that accounts and files have afterwards, on embedded stores of their own, mail by mail.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalBus } from '../../src/adapters/bus-local.ts';
import { openLmdb } from '../../src/adapters/kv-lmdb.ts';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import type { OutgoingMail, OutgoingRecipient, Outcome, Transfer } from '../../src/delivery/transfer.ts';
import { handedOut } from '../../src/downmail/handed-out.ts';
import { readNotification } from '../../src/mail/downmail/fields.ts';
import { HeaderBlock } from '../../src/mail/header.ts';
import type { AccountId, MailStore, MsgId, Principal } from '../../src/mailstore/api.ts';
import type { SubmissionId } from '../../src/mailstore/submission.ts';
import { createMailStore } from '../../src/mailstore/store.ts';
import type { BlobStore } from '../../src/ports/blob.ts';
import { MemoryBlobs } from './mail-store.ts';
import { ALICE, aliceSends, BOB, CAROL, type Sending, sendingWorld } from './sending.ts';
import { taken } from './scripted-transfer.ts';

const SYSTEM: Principal = { kind: 'system', role: 'admin' };
const PEOPLE = [ALICE, BOB, CAROL];
const FROM = { protocol: 'fetch', remote: '192.0.2.50' } as const;
/** Letters, not words: nothing that could be stored shorter. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz     ';

export interface Burden {
  /** Bytes of mail that went to the receiving side so far, whole mails and notifications. */
  readonly carried: number;
  /** Bytes of mail in the recipients' accounts. */
  readonly received: number;
  /** Bytes of mail that the sender's side keeps for them. */
  readonly kept: number;
}

export interface Measured extends AsyncDisposable {
  readonly run: Sending;
  /** As of now. */
  burden(): Promise<Burden>;
  /** The first ones who have not yet fetch it, until so many have; and each mail takes its notification's place. */
  fetch(until: number): Promise<void>;
  /** Of those who have not: what becomes of each who tries. */
  tries(): Promise<readonly string[]>;
  /** Originals in the sender's store that differ, and the bytes of all of them. */
  originals(): Promise<{ readonly count: number; readonly bytes: number }>;
  /** Bytes on the disk of the sender's side, its large parts apart. */
  disk(): Promise<number>;
}

/** A body of so many bytes. */
export function letterOf(bytes: number, seed: number): string {
  const random = new SeededRandom(seed);
  const line = (): string =>
    Array.from({ length: 70 }, () => ALPHABET[Math.floor(random.fraction() * ALPHABET.length)]).join('');
  return Array.from({ length: Math.ceil(bytes / 72) }, () => `${line()}\r\n`).join('');
}

/** Each recipient has a domain of his own, as most of a mail to many have: nobody gets his copy with another's. */
export function recipientsOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `reader@r${i}.test`);
}

/** `mode`: whether what is sent goes whole or is held. */
export async function measured(folder: string, count: number, mode: 'conventional' | 'downmail'): Promise<Measured> {
  const stack = new AsyncDisposableStack();
  const world = await sendingWorld({
    downmail: { mode, phase: 'maturity' },
    mailsPerHour: 2 * count,
    limits: { expireMs: 1 },
  });
  const store = async (name: string, accounts: readonly AccountId[], blobs: BlobStore) => {
    const random = new SeededRandom(5);
    const kv = stack.use(await openLmdb(join(folder, name)));
    const mailstore = createMailStore({ kv, blobs, clock: world.clock, random, bus: new LocalBus() });
    for (const account of accounts) await mailstore.createAccount(account);
    return { kv, mailstore };
  };
  const sender = await store('sender', PEOPLE, world.blobs);
  const readers = Array.from({ length: count }, (_, i) => `reader${i}` as AccountId);
  const receiver = await store('receiver', readers, new MemoryBlobs(world.clock));
  const transfer = new Arriving(receiver.mailstore);
  const run = stack.use(await world.start(sender.kv, transfer));
  const fetched = new Set<number>();
  return {
    run,
    async burden() {
      let received = 0;
      for (const id of readers) {
        using account = await receiver.mailstore.open(SYSTEM, id);
        received += account.quota().used;
      }
      const kept = (await run.alice.senderMailbox.facts())?.used ?? 0;
      return { carried: transfer.carried, received, kept };
    },
    async fetch(until) {
      for (let i = 0; i < readers.length && fetched.size < until; i++) {
        if (fetched.has(i)) continue;
        using account = await receiver.mailstore.open(SYSTEM, readers[i]!);
        const { id, access } = await notificationIn(account, transfer.ids.get(i));
        const opened = await run.pickUp.open(access.userId, access.password, FROM);
        if (opened.kind !== 'mail') throw new Error(`it is ${opened.kind}`);
        using mail = opened.mail;
        const bytes = await handedOut(mail, await mail.content(), 'fetch').bytes();
        transfer.carried += bytes.length;
        const [staged] = await receiver.mailstore.stage([{ account: readers[i]! }], bytes);
        await receiver.mailstore.written([staged!]);
        await account.publish(staged!, { folder: account.folderWithRole('inbox')!.id, replaces: id });
        await mail.delete();
        fetched.add(i);
      }
      await run.quiet();
    },
    async tries() {
      const found: string[] = [];
      for (const [i, id] of readers.entries()) {
        if (fetched.has(i)) continue;
        using account = await receiver.mailstore.open(SYSTEM, id);
        const { access } = await notificationIn(account, transfer.ids.get(i));
        const opened = await run.pickUp.open(access.userId, access.password, FROM);
        if (opened.kind === 'mail') opened.mail[Symbol.dispose]();
        found.push(opened.kind === 'gone' ? opened.state : 'there');
      }
      return found;
    },
    async originals() {
      const all = await Array.fromAsync(world.blobs.list());
      return { count: all.length, bytes: all.reduce((sum, { size }) => sum + size, 0) };
    },
    disk: () => bytesIn(join(folder, 'sender')),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Alice sends it to all of them. */
export async function sendToAll(run: Sending, recipients: readonly string[], body: string): Promise<SubmissionId> {
  const { id } = await aliceSends(run, recipients, { subject: 'To all of you', body });
  await run.quiet();
  return id;
}

async function notificationIn(account: Awaited<ReturnType<MailStore['open']>>, id: MsgId | undefined) {
  if (id === undefined) throw new Error('no notification came');
  const { body, details } = await account.getMessage(id);
  const access = readNotification(HeaderBlock.parse(await body.bytes(0, details.structure.bodyStart)));
  if (access === undefined) throw new Error('what came is no notification');
  return { id, access };
}

/** The receiving side: what is sent to `reader@r7.test` arrives in the account of reader 7. */
class Arriving implements Transfer {
  carried = 0;
  /** The last mail of each. */
  readonly ids = new Map<number, MsgId>();
  readonly #store: MailStore;

  constructor(store: MailStore) {
    this.#store = store;
  }

  async transfer(
    _domain: string,
    mail: OutgoingMail,
    recipients: readonly OutgoingRecipient[],
  ): Promise<readonly Outcome[]> {
    const raw = Buffer.concat(await Array.fromAsync(mail.body()));
    this.carried += raw.length;
    for (const { address } of recipients) {
      const reader = Number(/^reader@r([0-9]+)\.test$/.exec(address)?.[1]);
      using account = await this.#store.open(SYSTEM, `reader${reader}` as AccountId);
      const { id } = await account.addMessage(raw, { folder: account.folderWithRole('inbox')!.id });
      this.ids.set(reader, id);
    }
    return recipients.map(() => taken);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function bytesIn(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(folder, name))).blocks * 512));
  return sizes.reduce((sum, size) => sum + size, 0);
}
