/**
 * Programs without a browser (RFC 8628): the program shows a short code, somebody types it on our page and agrees, and the program,
 * which has been asking meanwhile, gets its tokens. It all waits for ten minutes.
 */
import { MailError } from '../../mail/error.ts';
import type { AccountId } from '../../mailstore/api.ts';
import { networkOf } from '../../net/address.ts';
import type { Cache } from '../../ports/cache.ts';
import type { Key, Range } from '../../ports/kv.ts';
import { decode, type DeviceRow, encode, OAUTH, type UserCodeRow } from '../rows.ts';
import type { RowParts } from '../transact.ts';
import { OAuthError } from './error.ts';
import type { OAuthScope } from './scopes.ts';
import { hashOf, newSecret } from './tokens.ts';

export const DEVICE_MS = 600_000;
/** Between two questions of one device. */
export const POLL_MS = 5000;
/** Of everybody. */
const MAX_WAITING = 1000;
/** Of one network in an hour. */
const MAX_BEGUN = 60;
const MAX_WRONG = 20;
const HOUR_MS = 3_600_000;
/** RFC 8628 §6.1: no vowels, so that no words come of it; nothing that looks like a figure. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const CODE_LENGTH = 8;
const DEVICES: Range = { start: Buffer.from('d'), end: Buffer.from('e') };

export interface DeviceCodes {
  /** For the program. */
  readonly device: string;
  /** For the person, such as BCDF-GHJK. */
  readonly user: string;
  readonly expiresMs: number;
  readonly intervalMs: number;
}

export interface WaitingDevice {
  readonly client: string;
  readonly scopes: readonly OAuthScope[];
}

export class Devices {
  readonly #parts: RowParts & { readonly cache: Cache };

  constructor(parts: RowParts & { readonly cache: Cache }) {
    this.#parts = parts;
  }

  /** Throws `temporarily_unavailable` when too many wait, or one network asks for too many. */
  async begin({ client, scopes }: WaitingDevice, remote: string): Promise<DeviceCodes> {
    const { random, clock, transactions, cache } = this.#parts;
    if ((await cache.increment(`oauth:device:${networkOf(remote)}`, 1, HOUR_MS)) > MAX_BEGUN)
      throw new OAuthError('temporarily_unavailable', 'too many devices were begun from this network');
    const device = newSecret(random);
    const user = userCode((bytes) => random.bytes(bytes));
    const now = clock.now();
    const row: DeviceRow = { client, scopes, expires: now + DEVICE_MS, user: hashOf(user), state: 'waiting' };
    const mine: UserCodeRow = { device: hashOf(device) };
    await transactions.run(OAUTH, async (view) => {
      const all = (await view.rows(DEVICES)).map(([key, value]) => ({ key, row: decode<DeviceRow>(value) }));
      const over = all.filter((one) => (one.row?.expires ?? 0) <= now);
      if (all.length - over.length >= MAX_WAITING)
        throw new OAuthError('temporarily_unavailable', 'too many devices wait');
      const remove = over.flatMap(({ key, row: old }) => [key, ...(old === undefined ? [] : [keyOf('u', old.user)])]);
      const put: [Key, Uint8Array][] = [
        [keyOf('d', hashOf(device)), encode(row)],
        [keyOf('u', row.user), encode(mine)],
      ];
      return { batch: { put, remove }, result: undefined };
    });
    return { device, user: `${user.slice(0, 4)}-${user.slice(4)}`, expiresMs: DEVICE_MS, intervalMs: POLL_MS };
  }

  /** Who waits with this code, however it is typed. Wrong ones count: `auth-throttled` for whoever tries many. */
  async waiting(typed: string, remote: string): Promise<WaitingDevice | undefined> {
    const counter = `oauth:user-code:${networkOf(remote)}`;
    if ((await this.#parts.cache.increment(counter, 0, HOUR_MS)) >= MAX_WRONG)
      throw new MailError('auth-throttled', 'temporary', `too many wrong codes of devices from ${remote}`);
    const row = await this.#row(await this.#deviceOf(typed));
    if (row?.state === 'waiting') return { client: row.client, scopes: row.scopes };
    await this.#parts.cache.increment(counter, 1, HOUR_MS);
    return undefined;
  }

  /** Somebody looked at who waits, and decided. Answers whether it was still waiting. `account` undefined: no. */
  async decide(typed: string, account: AccountId | undefined): Promise<boolean> {
    const device = await this.#deviceOf(typed);
    if (device === undefined) return false;
    const key = keyOf('d', device);
    return this.#parts.transactions.run(OAUTH, async (view) => {
      const row = this.#alive(await view.get(key));
      if (row?.state !== 'waiting') return { result: false };
      const after: DeviceRow =
        account === undefined ? { ...row, state: 'denied' } : { ...row, state: 'allowed', account };
      return { batch: { put: [[key, encode(after)]], remove: [keyOf('u', row.user)] }, result: true };
    });
  }

  /**
   * The device asks. Answers once whose it is; before that throws `authorization_pending`, and `slow_down` when it asks too often;
   * `access_denied`, `expired_token`, `invalid_grant`.
   */
  async poll(code: string, client: string): Promise<WaitingDevice & { readonly account: AccountId }> {
    const hash = hashOf(code);
    const key = keyOf('d', hash);
    const row = await this.#row(hash);
    if (row === undefined) throw new OAuthError('expired_token', 'the device code is unknown, or too old');
    if (row.client !== client) throw new OAuthError('invalid_grant', 'the device code is of another client');
    if (row.state === 'waiting') {
      const soon = (await this.#parts.cache.increment(`oauth:poll:${hash}`, 1, POLL_MS)) > 1;
      if (soon) throw new OAuthError('slow_down', 'ask less often');
      throw new OAuthError('authorization_pending', 'nobody has agreed yet');
    }
    const taken = await this.#parts.transactions.run(OAUTH, async (view) =>
      (await view.get(key)) === undefined
        ? { result: false }
        : { batch: { remove: [key, keyOf('u', row.user)] }, result: true },
    );
    if (!taken) throw new OAuthError('invalid_grant', 'the device code was used');
    if (row.account === undefined) throw new OAuthError('access_denied', 'the owner of the account said no');
    return { client, scopes: row.scopes, account: row.account };
  }

  async #deviceOf(typed: string): Promise<string | undefined> {
    const bare = typed.toUpperCase().replaceAll(/[^A-Z]/g, '');
    if (bare.length !== CODE_LENGTH) return undefined;
    const [value] = await this.#parts.kv.get(OAUTH, [keyOf('u', hashOf(bare))]);
    return decode<UserCodeRow>(value)?.device;
  }

  async #row(hash: string | undefined): Promise<DeviceRow | undefined> {
    if (hash === undefined) return undefined;
    return this.#alive((await this.#parts.kv.get(OAUTH, [keyOf('d', hash)]))[0]);
  }

  #alive(value: Uint8Array | undefined): DeviceRow | undefined {
    const row = decode<DeviceRow>(value);
    return row !== undefined && row.expires > this.#parts.clock.now() ? row : undefined;
  }
}

/** 34 bits; each letter is as likely as any other. */
function userCode(bytes: (count: number) => Uint8Array): string {
  let code = '';
  while (code.length < CODE_LENGTH)
    for (const byte of bytes(2 * CODE_LENGTH))
      if (byte < 240 && code.length < CODE_LENGTH) code += LETTERS[byte % LETTERS.length];
  return code;
}

function keyOf(kind: 'd' | 'u', hash: string): Key {
  return Buffer.from(kind + hash);
}
