/**
 * The directory's partitions and what stands in them (JSON, UTF-8):
 *
 * - `d/<domain>`: header `{created, dkim, reject, catchAll}` while it exists; a row for each address of it, local part → `{account, alias}`
 * - `d/.reject`: header `{reject}`: whose mail nobody gets
 * - `d/.all`: a row for each domain there may be; the domain's own header is the truth
 * - `a/<address>`: header `{account}` while somebody has the address. One commit decides who
 * - `i/<account>`: header: the account; rows `s<hash>`: its sessions, `p<hash>`: its application passwords,
 *   `k<hash>`: its passkeys, row `t`: its second step, `n<network>`: from where it is opened, `o<hash>`: what it lets programs do (OAuth),
 *   `c<hash>`: codes with which they get there
 * - `i/.oauth`: `c<id>`: programs that may ask; `d<hash>`, `u<hash>`: devices that wait for somebody to agree
 * - `i/.offices`: a row for each account with a role other than operator (`offices.ts`)
 * - `d/.limits`: a row for each domain that is limited (`tenants.ts`)
 * - `i/.administrators`: a row for each account that may be an administrator; its own header is the truth
 * - `i/.secrets`: header `{salts}`: from it come the salts of names that have none
 * - `i/.pending`: changes that need several partitions and are not finished; a start finishes or undoes them
 */
import type { RejectEntry } from '../mail/reject-list.ts';
import type { AccountId } from '../mailstore/api.ts';
import { type Key, type Partition, partition, type Value } from '../ports/kv.ts';
import type { AppPasswordInfo, PlaceInfo, SessionOrigin, SignInOrigin } from './api.ts';
import type { OAuthScope } from './oauth/scopes.ts';

export interface DomainRow {
  readonly created: number;
  /** Made when they are first needed. */
  readonly dkim?: readonly DkimRow[];
  /** Whose mail its people do not get. */
  readonly reject?: readonly RejectEntry[];
  /** Who gets mail for addresses that nobody has. */
  readonly catchAll?: AccountId;
}

export interface DkimRow {
  readonly selector: string;
  readonly algorithm: 'rsa' | 'ed25519';
  readonly state: 'next' | 'active' | 'retired';
  /** When it came into this state. */
  readonly since: number;
  /** PKCS #8, base64. */
  readonly privateKey: string;
}

export interface MemberRow {
  readonly account: AccountId;
  readonly alias: boolean;
}

export interface ClaimRow {
  readonly account: AccountId;
}

export interface IdentityRow {
  /** As it was written when it was made. */
  readonly address: string;
  readonly displayName: string;
  readonly aliases: readonly string[];
  readonly admin: boolean;
  readonly suspended: boolean;
  /** Somebody made it for himself, and nobody has decided about it yet. */
  readonly waits?: boolean;
  readonly quota: number | null;
  /** Kinds of mail it may send, the usual one first. */
  readonly categories?: readonly string[];
  readonly created: number;
  /** PHC string; null: nobody can sign in with a password. */
  readonly password: string | null;
  /** Another one with every password that is set; absent in older rows. */
  readonly passwordId?: string;
  /** Absent in older rows, until the password is used. */
  readonly scram?: ScramRow;
  /** The password alone does not do. */
  readonly secondStep?: boolean;
  /** Being removed. */
  readonly leaving?: true;
}

/** All bytes in base64. */
export interface ScramRow {
  /** Of all passwords of the account. */
  readonly salt: string;
  readonly iterations: number;
  /** Of the account's own password. */
  readonly keys?: ScramKeysRow;
}

export interface ScramKeysRow {
  readonly stored: string;
  readonly server: string;
}

export interface SecretsRow {
  readonly salts: string;
}

export interface SessionRow {
  readonly purpose: 'api' | 'sign-in-link';
  readonly created: number;
  readonly expires: number;
  /** To within an hour; absent: not since it began. */
  readonly used?: number;
  /** Where the sign-in came from, so that its owner recognises it; absent in older rows. */
  readonly from?: SessionOrigin;
}

/** The key is the hash of the password, and its id. */
export type AppPasswordRow = Omit<AppPasswordInfo, 'id'> & { readonly scram?: ScramKeysRow };

/** The key is the client's id. */
export interface OAuthClientRow {
  readonly name: string;
  readonly redirects: readonly string[];
  readonly scopes: readonly OAuthScope[];
  readonly device: boolean;
  readonly created: number;
  /** Hash; absent: it proves nothing about itself. */
  readonly secret?: string;
}

/** What somebody lets a program do. The key is the hash of what its refresh tokens have in common. Times in milliseconds since 1970. */
export interface GrantRow {
  readonly client: string;
  readonly scopes: readonly OAuthScope[];
  readonly created: number;
  /** When it was given tokens last. */
  readonly refreshed: number;
  /** Hash of the one refresh token that counts. */
  readonly refresh: string;
  /** Hashes of access tokens, the newest first; also of some that are too old. */
  readonly access: readonly {
    readonly hash: string;
    readonly expires: number;
    /** Absent: all. */
    readonly scopes?: readonly OAuthScope[];
  }[];
  /** To within ten minutes. */
  readonly lastUse?: SignInOrigin & { readonly at: number };
}

/** The key is the hash of the code. */
export interface CodeRow {
  readonly client: string;
  readonly redirect: string;
  /** RFC 7636 §4.2, S256. */
  readonly challenge: string;
  readonly scopes: readonly OAuthScope[];
  readonly expires: number;
  /** It was used: id of the grant that came of it. */
  readonly grant?: string;
}

/** A device that waits; the key is the hash of its code. */
export interface DeviceRow {
  readonly client: string;
  readonly scopes: readonly OAuthScope[];
  readonly expires: number;
  /** Hash of what people type. */
  readonly user: string;
  readonly state: 'waiting' | 'denied' | 'allowed';
  /** Whose it is, once somebody agreed. */
  readonly account?: AccountId;
}

/** The key is the hash of what people type, the value that of the device's code. */
export interface UserCodeRow {
  readonly device: string;
}

/** The key is the network. */
export type PlaceRow = Omit<PlaceInfo, 'network'>;

/** The key is the hash of the id that the device knows it by. */
export interface PasskeyRow {
  readonly name: string;
  readonly created: number;
  /** Base64url. */
  readonly credential: string;
  /** The public key (COSE), base64. */
  readonly key: string;
  /** Of the last answer, where the device counts. */
  readonly counter: number;
  /** The only host whose pages may ask for it. */
  readonly site: string;
  readonly synced: boolean;
  readonly lastUse?: number;
}

export interface SecondStepRow {
  /** Base64. Codes are made from it, so no hash of it would do. */
  readonly secret: string;
  /** The time step of the last code that counted: none counts twice. */
  readonly used: number;
  /** When it was switched on; absent: prepared only. */
  readonly since?: number;
  /** Hashes of what has not been used. */
  readonly recovery: readonly string[];
}

export interface PendingRow {
  readonly what: 'add' | 'remove' | 'alias' | 'quota';
  readonly account: AccountId;
  /** Normal form. */
  readonly address: string;
}

/** An entry of the audit trail, or the number and hash of the last one. */
export interface AuditRow {
  readonly number: number;
  readonly hash: string;
}

export const ALL_DOMAINS: Partition = partition('d', '.all');
export const ADMINISTRATORS: Partition = partition('i', '.administrators');
export const SECRETS: Partition = partition('i', '.secrets');
export const PENDING: Partition = partition('i', '.pending');
export const OAUTH: Partition = partition('i', '.oauth');

/** No account has this id: ids are hexadecimal. For who is not there, so that asking takes as long. */
export const NOBODY = 'nobody' as AccountId;

export const domainPartition = (domain: string): Partition => partition('d', domain);
export const claimPartition = (address: string): Partition => partition('a', address);
export const identityPartition = (account: AccountId): Partition => partition('i', account);

export function encode(
  row:
    | DomainRow
    | MemberRow
    | ClaimRow
    | IdentityRow
    | SecretsRow
    | SessionRow
    | AppPasswordRow
    | PlaceRow
    | PasskeyRow
    | SecondStepRow
    | PendingRow
    | OAuthClientRow
    | GrantRow
    | CodeRow
    | DeviceRow
    | UserCodeRow
    | AuditRow
    | null,
): Value {
  return Buffer.from(JSON.stringify(row));
}

/** The caller knows what it wrote there. Undefined for none, and for a header that was taken back (null). */
export function decode<T>(value: Value | undefined): T | undefined {
  if (value === undefined) return undefined;
  return (
    (JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString()) as T | null) ?? undefined
  );
}

export const textKey = (text: string): Key => Buffer.from(text);
