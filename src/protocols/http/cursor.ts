/** Page cursors: opaque to the client, authenticated for us. A cursor works only for the account and the list it was made for. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AccountId } from '../../mailstore/api.ts';
import { Problem } from './reply.ts';

const MAC_BYTES = 16;

export class Cursors {
  readonly #secret: Uint8Array;
  /** The same secret on every node and after a restart: then cursors stay good. */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** `list` names the list with everything that shapes it (folder, filter, order). `position` is JSON-able and short. */
  make(account: AccountId, list: string, position: unknown): string {
    const payload = Buffer.from(JSON.stringify(position));
    return Buffer.concat([this.#mac(account, list, payload), payload]).toString('base64url');
  }

  /** What `make` was given; throws `Problem('invalid')` for everything else. */
  read(account: AccountId, list: string, cursor: string): unknown {
    const bytes = Buffer.from(cursor, 'base64url');
    const payload = bytes.subarray(MAC_BYTES);
    const mac = bytes.subarray(0, MAC_BYTES);
    const canonical = bytes.toString('base64url') === cursor;
    if (canonical && mac.length === MAC_BYTES && timingSafeEqual(mac, this.#mac(account, list, payload)))
      return JSON.parse(payload.toString());
    throw new Problem('invalid', 'The cursor is not one that this list gave.');
  }

  #mac(account: AccountId, list: string, payload: Uint8Array): Buffer {
    const mac = createHmac('sha256', this.#secret).update(`cursor\0${account}\0${list}\0`).update(payload);
    return mac.digest().subarray(0, MAC_BYTES);
  }
}
