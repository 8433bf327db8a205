/**
 * Passkeys (WebAuthn Level 3): key pairs that a device makes for this service alone, and uses only for pages of it and only after it has made sure
 * that it is its owner who asks. So one stands for the password and the code together. Only public keys are kept here.
 */
import { createHash } from 'node:crypto';
import {
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { decodeAttestationObject, isoBase64URL } from '@simplewebauthn/server/helpers';
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { Key, Range } from '../ports/kv.ts';
import type { PasskeyInfo } from './api.ts';
import { present } from './identity.ts';
import { decode, encode, identityPartition, type IdentityRow, type PasskeyRow } from './rows.ts';
import { type CredentialRowParts, removeRow } from './transact.ts';

/** Of one account. */
const MAX_PASSKEYS = 20;
/** COSE: ES256, EdDSA, RS256. */
export const PASSKEY_ALGORITHMS = [-7, -8, -257];
const HASH_BYTES = 32;

/** All passkeys of a partition. */
export const PASSKEY_ROWS: Range = { start: Buffer.from('k'), end: Buffer.from('l') };

/** What a device was asked, and by which page. */
export interface PasskeyRequest {
  /** Base64url; the caller sees to it that each counts once. */
  readonly challenge: string;
  /** Of the page, e.g. `https://mail.example.test`. */
  readonly origin: string;
}

export class Passkeys {
  readonly #parts: CredentialRowParts;

  constructor(parts: CredentialRowParts) {
    this.#parts = parts;
  }

  /** The newest first. */
  async list(account: AccountId): Promise<readonly PasskeyInfo[]> {
    const rows = await this.#rows(account);
    const found = rows.map(({ id, row: { name, created, synced, lastUse } }) => ({
      id,
      name,
      created,
      synced,
      ...(lastUse !== undefined && { lastUse }),
    }));
    return found.sort((a, b) => b.created - a.created);
  }

  /** Base64url ids that devices know them by: one of these makes no second one. */
  async known(account: AccountId): Promise<readonly string[]> {
    return (await this.#rows(account)).map(({ row }) => row.credential);
  }

  /** Throws `not-allowed` for an answer that is not to this request, `limit`, `conflict`, `account-missing`. */
  async add(
    account: AccountId,
    name: string,
    response: RegistrationResponseJSON,
    request: PasskeyRequest,
  ): Promise<PasskeyInfo> {
    const made = await verifiedNew(response, request);
    const created = this.#parts.clock.now();
    const row: PasskeyRow = { ...made, name, created };
    const key = rowKey(made.credential);
    await this.#parts.transactions.run(identityPartition(account), async (view) => {
      present(account, decode<IdentityRow>(view.header));
      if ((await view.get(key)) !== undefined) throw new MailError('conflict', 'user', 'that passkey is here already');
      if ((await view.rows(PASSKEY_ROWS)).length >= MAX_PASSKEYS)
        throw new MailError('limit', 'user', `an account has at most ${MAX_PASSKEYS} passkeys`);
      return { batch: { put: [[key, encode(row)]] }, result: undefined };
    });
    return { id: idOf(key), name, created, synced: made.synced };
  }

  /** Answers whether the account had one with this id. */
  async remove(account: AccountId, id: string): Promise<boolean> {
    const hash = Buffer.from(id, 'base64url');
    if (hash.length !== HASH_BYTES) return false;
    const was = await removeRow(this.#parts.transactions, account, keyOf(hash));
    if (was) this.#parts.ended(account);
    return was;
  }

  async has(account: AccountId, id: string): Promise<boolean> {
    const key = keyOf(Buffer.from(id, 'base64url'));
    return (await this.#parts.kv.get(identityPartition(account), [key]))[0] !== undefined;
  }

  /** Its id, of one that the account has and that answered this request; undefined for everything else. */
  async check(
    account: AccountId,
    response: AuthenticationResponseJSON,
    request: PasskeyRequest,
  ): Promise<string | undefined> {
    const key = rowKey(response.id);
    const p = identityPartition(account);
    const row = decode<PasskeyRow>((await this.#parts.kv.get(p, [key]))[0]);
    const counter = row && (await verifiedUse(row, response, request));
    if (row === undefined || counter === undefined) return undefined;
    const at = this.#parts.clock.now();
    const counts = await this.#parts.transactions.run(p, async (view) => {
      const now = decode<PasskeyRow>(await view.get(key));
      // Another answer may have come first, or its owner has taken it back.
      if (now === undefined || now.counter !== row.counter) return { result: false };
      return { batch: { put: [[key, encode({ ...now, counter, lastUse: at })]] }, result: true };
    });
    return counts ? idOf(key) : undefined;
  }

  async #rows(account: AccountId): Promise<{ readonly id: string; readonly row: PasskeyRow }[]> {
    const found: { readonly id: string; readonly row: PasskeyRow }[] = [];
    for await (const page of this.#parts.kv.scan(identityPartition(account), PASSKEY_ROWS))
      for (const [key, value] of page) {
        const row = decode<PasskeyRow>(value);
        if (row !== undefined) found.push({ id: idOf(key), row });
      }
    return found;
  }
}

/** Whose passkey it says that it is. */
export function passkeyOwner({ response }: AuthenticationResponseJSON): AccountId | undefined {
  const owner = Buffer.from(response.userHandle ?? '', 'base64url').toString('latin1');
  return /^[A-Za-z0-9]{1,64}$/.test(owner) ? (owner as AccountId) : undefined;
}

/** As devices are told it (WebAuthn, "user handle"). */
export function passkeyUser(account: AccountId): string {
  return Buffer.from(account).toString('base64url');
}

/** Of a page: the host without its port (WebAuthn, "RP ID"). */
export function passkeySite(origin: string): string {
  return new URL(origin).hostname;
}

async function verifiedNew(
  response: RegistrationResponseJSON,
  { challenge, origin }: PasskeyRequest,
): Promise<Omit<PasskeyRow, 'name' | 'created'>> {
  const site = passkeySite(origin);
  try {
    // Who made the device is not asked, and must not be told: the library would look up what a certificate names, wherever that is.
    const format = decodeAttestationObject(isoBase64URL.toBuffer(response.response.attestationObject)).get('fmt');
    if (format !== 'none') throw new Error(`attestation of the format ${String(format)}`);
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: site,
      requireUserVerification: true,
      supportedAlgorithmIDs: PASSKEY_ALGORITHMS,
    });
    if (!verified) throw new Error('not verified');
    const { credential, credentialBackedUp } = registrationInfo;
    return {
      credential: credential.id,
      key: Buffer.from(credential.publicKey).toString('base64'),
      counter: credential.counter,
      site,
      synced: credentialBackedUp,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new MailError('not-allowed', 'user', `no passkey: ${why}`, { cause: error });
  }
}

/** Its counter, which copies of a key betray; undefined: it does not count. */
async function verifiedUse(
  row: PasskeyRow,
  response: AuthenticationResponseJSON,
  { challenge, origin }: PasskeyRequest,
): Promise<number | undefined> {
  if (row.site !== passkeySite(origin)) return undefined;
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: row.site,
      requireUserVerification: true,
      credential: { id: row.credential, publicKey: Buffer.from(row.key, 'base64'), counter: row.counter },
    });
    return verified ? authenticationInfo.newCounter : undefined;
  } catch {
    // It throws for whatever is wrong with an answer.
    return undefined;
  }
}

function rowKey(credential: string): Key {
  return keyOf(createHash('sha256').update(credential).digest());
}

function keyOf(hash: Uint8Array): Key {
  return Buffer.concat([Buffer.from('k'), hash]);
}

function idOf(key: Key): string {
  return Buffer.from(key.subarray(1)).toString('base64url');
}
