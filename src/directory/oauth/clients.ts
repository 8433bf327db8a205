/**
 * Programs that may ask for access: those that everybody knows, and those that the operator registered. A client's addresses for
 * answers are compared letter by letter (RFC 9700 §2.1), but for the port of a loopback address (RFC 8252 §7.3).
 */
import { timingSafeEqual } from 'node:crypto';
import { MailError } from '../../mail/error.ts';
import type { KeyValueStore, Range } from '../../ports/kv.ts';
import type { Random } from '../../ports/random.ts';
import type { Clock } from '../../ports/clock.ts';
import { decode, encode, OAUTH, type OAuthClientRow, textKey } from '../rows.ts';
import type { Transactions } from '../transact.ts';
import { OAuthError } from './error.ts';
import { OAUTH_SCOPES, type OAuthScope } from './scopes.ts';
import { hashOf, newSecret } from './tokens.ts';

export interface OAuthClient {
  readonly id: string;
  /** As people are asked about it. */
  readonly name: string;
  /** Absolute URIs to which answers may go. */
  readonly redirects: readonly string[];
  /** What it may ask for. */
  readonly scopes: readonly OAuthScope[];
  /** Has a secret; others prove nothing about themselves. */
  readonly confidential: boolean;
  /** May use the device flow. */
  readonly device: boolean;
  /** Absent: everybody's. Milliseconds since 1970. */
  readonly created?: number;
}

const MAX_CLIENTS = 1000;
const MAX_REDIRECTS = 20;
const MAX_REDIRECT_LENGTH = 2000;
const ROWS: Range = { start: Buffer.from('c'), end: Buffer.from('d') };
const MAIL_SCOPES = ['imap', 'pop3', 'send', 'sieve'] as const;
const LOOPBACK_HOSTS = ['127.0.0.1', 'localhost', '[::1]'];
const LOOPBACK_REDIRECTS = LOOPBACK_HOSTS.flatMap((host) => [`http://${host}/`, `http://${host}/callback`]);

/** Mail programs on people's own machines: public clients, answers to loopback only (RFC 8252). */
export const KNOWN_CLIENTS: readonly OAuthClient[] = [
  {
    id: 'thunderbird',
    name: 'Thunderbird',
    redirects: LOOPBACK_REDIRECTS,
    scopes: MAIL_SCOPES,
    confidential: false,
    device: false,
  },
  {
    id: 'mail-program',
    name: 'Mail program',
    redirects: LOOPBACK_REDIRECTS,
    scopes: MAIL_SCOPES,
    confidential: false,
    device: true,
  },
];

export interface NewOAuthClient {
  readonly name: string;
  readonly redirects: readonly string[];
  readonly scopes: readonly OAuthScope[];
  readonly confidential: boolean;
  readonly device: boolean;
}

export interface ClientsParts {
  readonly kv: KeyValueStore;
  readonly transactions: Transactions;
  readonly clock: Clock;
  readonly random: Random;
}

export class OAuthClients {
  readonly #parts: ClientsParts;

  constructor(parts: ClientsParts) {
    this.#parts = parts;
  }

  /** A secret is told here and never again. Throws `syntax` with what is wrong, `limit`. */
  async add(wanted: NewOAuthClient): Promise<OAuthClient & { readonly secret?: string }> {
    const redirects = wanted.redirects.map(usableRedirect);
    if (redirects.length === 0 && !wanted.device) throw wrong('a client needs a redirect URI, or the device flow');
    if (redirects.length > MAX_REDIRECTS) throw wrong(`at most ${MAX_REDIRECTS} redirect URIs`);
    if (wanted.scopes.length === 0) throw wrong('a client needs a scope');
    const { random, clock, transactions } = this.#parts;
    const id = Buffer.from(random.bytes(12)).toString('hex');
    const secret = wanted.confidential ? newSecret(random) : undefined;
    const row: OAuthClientRow = {
      name: wanted.name,
      redirects,
      scopes: [...wanted.scopes],
      device: wanted.device,
      created: clock.now(),
      ...(secret !== undefined && { secret: hashOf(secret) }),
    };
    await transactions.run(OAUTH, async (view) => {
      if ((await view.rows(ROWS)).length >= MAX_CLIENTS)
        throw new MailError('limit', 'user', `there are ${MAX_CLIENTS} OAuth clients already`);
      return { batch: { put: [[keyOf(id), encode(row)]] }, result: undefined };
    });
    return { ...shown(id, row), ...(secret !== undefined && { secret }) };
  }

  /** Everybody's first, then the operator's, the oldest first. */
  async list(): Promise<readonly OAuthClient[]> {
    const found: OAuthClient[] = [];
    for await (const page of this.#parts.kv.scan(OAUTH, ROWS))
      for (const [key, value] of page) {
        const row = decode<OAuthClientRow>(value);
        if (row !== undefined) found.push(shown(Buffer.from(key.subarray(1)).toString(), row));
      }
    return [...KNOWN_CLIENTS, ...found.sort((a, b) => (a.created ?? 0) - (b.created ?? 0))];
  }

  async find(id: string): Promise<OAuthClient | undefined> {
    return clientOf(id, await this.#row(id));
  }

  /** What it was given opens nothing any more. Answers whether there was one; everybody's stay. */
  remove(id: string): Promise<boolean> {
    if (!isId(id)) return Promise.resolve(false);
    return this.#parts.transactions.run(OAUTH, async (view) =>
      (await view.get(keyOf(id))) === undefined ? { result: false } : { batch: { remove: [keyOf(id)] }, result: true },
    );
  }

  /** The client that says who it is, and proves it if it has a secret. Throws `invalid_client`. */
  async authenticate(id: string, secret: string | undefined): Promise<OAuthClient> {
    const row = await this.#row(id);
    const client = clientOf(id, row);
    if (client === undefined || !proves(row?.secret, secret))
      throw new OAuthError('invalid_client', 'there is no such client, or its secret is wrong');
    return client;
  }

  async #row(id: string): Promise<OAuthClientRow | undefined> {
    if (!isId(id)) return undefined;
    return decode<OAuthClientRow>((await this.#parts.kv.get(OAUTH, [keyOf(id)]))[0]);
  }
}

function clientOf(id: string, row: OAuthClientRow | undefined): OAuthClient | undefined {
  return row === undefined ? KNOWN_CLIENTS.find((one) => one.id === id) : shown(id, row);
}

/** A client without a secret must send none: it may be somebody who expects it to be looked at. */
function proves(stored: string | undefined, secret: string | undefined): boolean {
  if (stored === undefined) return secret === undefined || secret === '';
  return secret !== undefined && timingSafeEqual(Buffer.from(stored), Buffer.from(hashOf(secret)));
}

/** Whether answers for this client may go there. */
export function mayRedirect({ redirects }: OAuthClient, uri: string): boolean {
  if (redirects.includes(uri)) return true;
  const url = loopbackOf(uri);
  if (url === undefined) return false;
  url.port = '';
  return redirects.some((one) => loopbackOf(one)?.href === url.href);
}

/** `http://` at this machine itself. Undefined for everything else. */
function loopbackOf(uri: string): URL | undefined {
  const url = URL.parse(uri);
  if (url === null || url.protocol !== 'http:' || url.username !== '' || url.password !== '' || uri.includes('#'))
    return undefined;
  return LOOPBACK_HOSTS.includes(url.hostname) ? url : undefined;
}

/** https, http at loopback, or a scheme that is a domain in reverse (RFC 8252 §7.1). Throws `syntax`. */
function usableRedirect(uri: string): string {
  const url = URL.parse(uri);
  if (url === null || uri.length > MAX_REDIRECT_LENGTH) throw wrong(`${JSON.stringify(uri)} is no URI`);
  if (/[^\x21-\x7e]/.test(uri)) throw wrong(`${JSON.stringify(uri)} has characters that no URI has`);
  if (uri.includes('#')) throw wrong('a redirect URI has no fragment (RFC 6749 §3.1.2)');
  if (url.username !== '' || url.password !== '') throw wrong('a redirect URI names no user');
  const own = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(url.protocol);
  if (url.protocol !== 'https:' && loopbackOf(uri) === undefined && !own)
    throw wrong('a redirect URI begins with https://, http://127.0.0.1 or a scheme such as org.example.app:');
  return uri;
}

function wrong(message: string): MailError {
  return new MailError('syntax', 'user', message);
}

function shown(id: string, { name, redirects, scopes, device, created, secret }: OAuthClientRow): OAuthClient {
  const known = scopes.filter((scope) => OAUTH_SCOPES.some((one) => one === scope));
  return { id, name, redirects, scopes: known, confidential: secret !== undefined, device, created };
}

function isId(id: string): boolean {
  return /^[0-9a-f]{24}$/.test(id);
}

const keyOf = (id: string) => textKey(`c${id}`);
