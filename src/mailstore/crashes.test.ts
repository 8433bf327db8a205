/**
 * What a client remembers of an account, over processes that die at some write, each followed by a new one. `CRASH_CYCLES` says how many.
 * With `CRASH_FORGETS` the counters of folders are lost with each process, which the client must notice: the goal E2's control.
 */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { ALICE, aliceLab, mail, problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { crashingKv } from '../../test/support/crashing-kv.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { MailError } from '../mail/error.ts';
import { StoreFailed } from '../ports/kv.ts';
import { Flag, type FolderId, type MailAccount, type MsgId } from './api.ts';
import { countersKey } from './keys.ts';

const CYCLES = Number(process.env['CRASH_CYCLES'] ?? 60);
const FORGETS = process.env['CRASH_FORGETS'] === '1';
const INBOX = 1 as FolderId;
const [COUNTERS] = countersKey(INBOX);
/** Messages kept, so that a cycle stays quick. */
const KEPT = 6;

/** A client that synchronises one folder by its UIDs, as RFC 4549 tells it to. */
class Client {
  validity = 0;
  next = 0;
  /** Of every UID ever seen, the content. */
  readonly seen = new Map<number, string>();

  async look(account: MailAccount): Promise<void> {
    const { uidValidity, uidNext } = account.folder(INBOX)!;
    expect(uidValidity).toBeGreaterThanOrEqual(this.validity);
    if (uidValidity > this.validity) this.seen.clear();
    else expect(uidNext).toBeGreaterThanOrEqual(this.next);
    this.validity = uidValidity;
    this.next = uidNext;
    const { uids, ids, length } = account.view(INBOX);
    for (let i = 0; i < length; i++) {
      expect(uids[i]).toBeLessThan(uidNext);
      const { body } = await account.getMessage(ids[i] as MsgId);
      const digest = createHash('sha256')
        .update(await body.bytes())
        .digest('base64');
      expect(this.seen.get(uids[i]!) ?? digest).toBe(digest);
      this.seen.set(uids[i]!, digest);
    }
  }

  /** What was acknowledged. */
  told(uid: number, raw: Uint8Array): void {
    expect(uid).toBeGreaterThanOrEqual(this.next);
    this.seen.set(uid, createHash('sha256').update(raw).digest('base64'));
    this.next = uid + 1;
  }
}

/** Some of what clients do, until the store dies or the work is done. What was acknowledged is told to `client`. */
async function work(account: MailAccount, random: SeededRandom, client: Client, cycle: number): Promise<void> {
  for (let step = 0; step < 4; step++) {
    const raw = mail(`${cycle}.${step}`, `${random.below(1 << 30)}\r\n`);
    const { uid } = await account.addMessage(raw, { folder: INBOX });
    client.told(uid, raw);
    const { ids, length } = account.view(INBOX);
    const some = ids[random.below(length)] as MsgId;
    if (random.below(3) === 0) await account.updateMessage([some], { mode: 'add', flags: Flag.seen, keywords: [] });
    // Most of all the last one: its UID is the one that could come back.
    if (random.below(2) === 0 || length > KEPT) await account.deleteMessage([ids[length - 1] as MsgId, some]);
  }
}

test(
  'a UID that was seen never means another message, and UIDNEXT never falls, however often the process dies (E2)',
  async () => {
    const lab = await aliceLab();
    const random = new SeededRandom(5);
    const client = new Client();
    let crashes = 0;
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const crashing = crashingKv(lab.kv, {
        at: 1 + random.below(20),
        applied: random.below(2) === 0,
        ...(FORGETS && { hides: (key) => key[0] === COUNTERS }),
      });
      const store = lab.another(10 + cycle, { kv: crashing.kv, deaf: true });
      try {
        using account = await store.open(SYSTEM, ALICE);
        await client.look(account);
        await work(account, random, client, cycle);
      } catch (error) {
        if (!crashing.dead || !(error instanceof StoreFailed || error instanceof MailError)) throw error;
      }
      if (crashing.dead) crashes++;
      // Of a dead process nothing more is written; this only stops what it does in this one.
      await store[Symbol.asyncDispose]();
      await lab.clock.advance(random.below(3) * 400);
    }
    using account = await lab.another(9, { deaf: true }).open(SYSTEM, ALICE);
    await client.look(account);
    expect(crashes).toBeGreaterThan(CYCLES / 3);
    expect(client.seen.size).toBeGreaterThan(CYCLES);
    expect(await problemsOf(lab.store)).toEqual([]);
  },
  Math.max(600_000, CYCLES * 10_000),
);
