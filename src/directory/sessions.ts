/** Opaque tokens: who has one is signed in. Only their hashes are stored, beside the account they belong to. */
import { createHash } from 'node:crypto';
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { Key, Range } from '../ports/kv.ts';
import type { SessionInfo, SessionOrigin } from './api.ts';
import { decode, encode, identityPartition, type IdentityRow, type SessionRow } from './rows.ts';
import { type CredentialRowParts, removeRow } from './transact.ts';

export const SESSION_IDLE_MS = 14 * 86_400_000;
/** Sessions of one account; the oldest ends when there are more. */
const MAX_SESSIONS = 100;

/** Its last use is written this seldom: every request asks. */
const USE_MS = 3_600_000;

const HASH_BYTES = 32;
const TOKEN = /^pabal_([A-Za-z0-9]{1,64})_[A-Za-z0-9_-]{43}$/;

/** All sessions of a partition. */
export const SESSION_ROWS: Range = { start: Buffer.from('s'), end: Buffer.from('t') };

export class Sessions {
  readonly #parts: CredentialRowParts;
  readonly #idleMs: number;

  /** One that is not used for `idleMs` has ended. */
  constructor(parts: CredentialRowParts, idleMs: number) {
    this.#parts = parts;
    this.#idleMs = idleMs;
  }

  async create(
    account: AccountId,
    purpose: SessionRow['purpose'],
    ttlMs: number,
    from?: SessionOrigin,
  ): Promise<string> {
    const token = `pabal_${account}_${Buffer.from(this.#parts.random.bytes(32)).toString('base64url')}`;
    const now = this.#parts.clock.now();
    await this.#parts.transactions.run(identityPartition(account), async (view) => {
      if (decode<IdentityRow>(view.header) === undefined)
        throw new MailError('account-missing', 'user', `there is no account ${account}`);
      const rows = (await view.rows(SESSION_ROWS)).map(([key, value]) => ({ key, row: decode<SessionRow>(value) }));
      const live = rows.filter(({ row }) => row !== undefined && this.#isAlive(row, now));
      live.sort((a, b) => (b.row?.created ?? 0) - (a.row?.created ?? 0));
      const kept = new Set(live.slice(0, MAX_SESSIONS - 1));
      const remove = rows.filter((one) => !kept.has(one)).map(({ key }) => key);
      const row: SessionRow = { purpose, created: now, expires: now + ttlMs, ...(from && { from }) };
      return { batch: { put: [[rowKey(token), encode(row)]], remove }, result: undefined };
    });
    return token;
  }

  /** The account whose token this is. A sign-in link is used up by the question. */
  async find(token: string, purpose: SessionRow['purpose']): Promise<AccountId | undefined> {
    const account = accountOf(token);
    if (account === undefined) return undefined;
    const p = identityPartition(account);
    const key = rowKey(token);
    const valid = (value: Uint8Array | undefined): SessionRow | undefined => {
      const row = decode<SessionRow>(value);
      return row?.purpose === purpose && this.#isAlive(row, this.#parts.clock.now()) ? row : undefined;
    };
    const found = valid((await this.#parts.kv.get(p, [key]))[0]);
    if (found === undefined) return undefined;
    if (purpose === 'sign-in-link') {
      const used = await this.#parts.transactions.run(p, async (view) =>
        valid(await view.get(key)) ? { batch: { remove: [key] }, result: true } : { result: false },
      );
      return used ? account : undefined;
    }
    const now = this.#parts.clock.now();
    if (now - lastUse(found) < USE_MS) return account;
    // No request fails because its time cannot be written.
    await this.#parts.transactions
      .run(p, async (view) => {
        const row = valid(await view.get(key));
        return { ...(row && { batch: { put: [[key, encode({ ...row, used: now })]] } }), result: undefined };
      })
      .catch(() => undefined);
    return account;
  }

  #isAlive(row: SessionRow, now: number): boolean {
    return row.expires > now && (row.purpose === 'sign-in-link' || now - lastUse(row) < this.#idleMs);
  }

  async end(token: string): Promise<void> {
    const account = accountOf(token);
    if (account !== undefined) await this.#remove(account, rowKey(token));
  }

  /** Those that are alive, the newest first. */
  async list(account: AccountId): Promise<readonly SessionInfo[]> {
    const now = this.#parts.clock.now();
    const found: SessionInfo[] = [];
    for await (const page of this.#parts.kv.scan(identityPartition(account), SESSION_ROWS))
      for (const [key, value] of page) {
        const row = decode<SessionRow>(value);
        if (row === undefined || row.purpose !== 'api' || !this.#isAlive(row, now)) continue;
        const { created, expires, from } = row;
        found.push({ id: idOf(key), created, expires, used: lastUse(row), ...(from && { from }) });
      }
    return found.sort((a, b) => b.created - a.created);
  }

  async endById(account: AccountId, id: string): Promise<boolean> {
    const hash = Buffer.from(id, 'base64url');
    return hash.length === HASH_BYTES && (await this.#remove(account, keyOf(hash)));
  }

  /** Whether one of this id would still be believed. */
  async isOpen(account: AccountId, id: string): Promise<boolean> {
    const key = keyOf(Buffer.from(id, 'base64url'));
    const row = decode<SessionRow>((await this.#parts.kv.get(identityPartition(account), [key]))[0]);
    return row !== undefined && this.#isAlive(row, this.#parts.clock.now());
  }

  async #remove(account: AccountId, key: Key): Promise<boolean> {
    const was = await removeRow(this.#parts.transactions, account, key);
    if (was) this.#parts.ended(account);
    return was;
  }
}

/** What `sessions` calls the one with this token. */
export function sessionId(token: string): string {
  return idOf(rowKey(token));
}

function lastUse({ used, created }: SessionRow): number {
  return used ?? created;
}

function accountOf(token: string): AccountId | undefined {
  return TOKEN.exec(token)?.[1] as AccountId | undefined;
}

function rowKey(token: string): Key {
  return keyOf(createHash('sha256').update(token).digest());
}

function keyOf(hash: Uint8Array): Key {
  return Buffer.concat([Buffer.from('s'), hash]);
}

function idOf(key: Key): string {
  return Buffer.from(key.subarray(1)).toString('base64url');
}
