/**
 * What the tokens of OAuth look like. Opaque to everybody else: the account stands in them so that we know where to look, the rest is
 * random, and only hashes are stored. A grant is found by the hash of a secret that all its refresh tokens share, so that one
 * that was used before is recognised whatever became of it.
 */
import { createHash } from 'node:crypto';
import type { AccountId } from '../../mailstore/api.ts';
import type { Random } from '../../ports/random.ts';

export interface AccessToken {
  readonly account: AccountId;
  /** Id of the grant. */
  readonly grant: string;
  readonly secret: string;
}

export interface RefreshToken {
  readonly account: AccountId;
  /** The same in all refresh tokens of a grant. */
  readonly family: string;
  readonly secret: string;
}

export interface AuthorizationCode {
  readonly account: AccountId;
  readonly secret: string;
}

const SECRET = '[A-Za-z0-9_-]{43}';
const ACCOUNT = '([A-Za-z0-9]{1,64})';
const ACCESS = new RegExp(`^pabalat_${ACCOUNT}_(${SECRET})_(${SECRET})$`);
const REFRESH = new RegExp(`^pabalrt_${ACCOUNT}_(${SECRET})_(${SECRET})$`);
const CODE = new RegExp(`^pabalac_${ACCOUNT}_(${SECRET})$`);

/** 256 bits. */
export function newSecret(random: Random): string {
  return Buffer.from(random.bytes(32)).toString('base64url');
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

export const accessText = ({ account, grant, secret }: AccessToken): string => `pabalat_${account}_${grant}_${secret}`;
export const refreshText = ({ account, family, secret }: RefreshToken): string =>
  `pabalrt_${account}_${family}_${secret}`;
export const codeText = ({ account, secret }: AuthorizationCode): string => `pabalac_${account}_${secret}`;

/** Undefined for what cannot be one. */
export function parseAccess(text: string): AccessToken | undefined {
  const [, account, grant, secret] = ACCESS.exec(text) ?? [];
  if (account === undefined || grant === undefined || secret === undefined) return undefined;
  return { account: account as AccountId, grant, secret };
}

export function parseRefresh(text: string): RefreshToken | undefined {
  const [, account, family, secret] = REFRESH.exec(text) ?? [];
  if (account === undefined || family === undefined || secret === undefined) return undefined;
  return { account: account as AccountId, family, secret };
}

export function parseCode(text: string): AuthorizationCode | undefined {
  const [, account, secret] = CODE.exec(text) ?? [];
  return account === undefined || secret === undefined ? undefined : { account: account as AccountId, secret };
}
