/**
 * The keys with which a domain signs its mail (RFC 6376, RFC 8463): one RSA and one Ed25519 key, in the header of the
 * domain's own partition, so that they live and go with it.
 *
 * A new pair does not sign at once: who verifies must find it in the DNS first. So it is `next` until somebody says that
 * it is published; then it is `active`, and the pair before it `retired`: still published for what is under way.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { MailError } from '../mail/error.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyValueStore, Version } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { normalDomain } from './address.ts';
import { decode, type DkimRow, domainPartition, type DomainRow, encode } from './rows.ts';
import { Transactions } from './transact.ts';

export type DkimAlgorithm = 'rsa' | 'ed25519';

export interface DkimKey {
  readonly selector: string;
  readonly algorithm: DkimAlgorithm;
  readonly state: 'next' | 'active' | 'retired';
  /** When it came into this state. */
  readonly since: number;
  /** Base64, as in the tag `p` of its DNS record. */
  readonly publicKey: string;
}

/** What signs. */
export interface SigningKey extends DkimKey {
  readonly privateKey: KeyObject;
}

const generate = promisify(generateKeyPair);

/** How long a retired key stays published: longer than any queue keeps trying. */
export const RETIRED_MS = 14 * 86_400_000;
const MOST_DOMAINS = 1_000;
/** DER of an Ed25519 public key: so much stands before the key itself, which alone is published (RFC 8463 §4.2). */
const ED25519_PREFIX = 12;

export class DkimKeys {
  readonly #kv: KeyValueStore;
  readonly #clock: Clock;
  readonly #transactions: Transactions;
  readonly #known = new Map<string, { readonly version: Version; readonly keys: readonly SigningKey[] }>();

  constructor(kv: KeyValueStore, clock: Clock, random: Random) {
    this.#kv = kv;
    this.#clock = clock;
    this.#transactions = new Transactions(kv, clock, random);
  }

  /** All of a domain, those that sign first. Made when there are none yet. Throws `domain-missing`. */
  async of(name: string): Promise<readonly DkimKey[]> {
    const domain = normalDomain(name);
    return (await this.#keys(domain)).map(shown);
  }

  /** The keys that sign for this domain; none when it is not ours. */
  async signing(name: string): Promise<readonly SigningKey[]> {
    try {
      const keys = await this.#keys(normalDomain(name));
      return keys.filter(({ state }) => state === 'active');
    } catch (error) {
      if (error instanceof MailError && (error.code === 'domain-missing' || error.code === 'address-syntax')) return [];
      throw error;
    }
  }

  /** Makes the next pair, unless there is one already. Throws `domain-missing`. */
  async prepare(name: string): Promise<readonly DkimKey[]> {
    const domain = normalDomain(name);
    const now = await this.#keys(domain);
    if (now.some(({ state }) => state === 'next')) return now.map(shown);
    const made = await pair(this.#selector(now), 'next', this.#clock.now());
    await this.#change(domain, (rows) => (rows.some(({ state }) => state === 'next') ? rows : [...rows, ...made]));
    return this.of(domain);
  }

  /** The next pair signs from now on. Throws `domain-missing`; `conflict` when there is no next pair. */
  async activate(name: string): Promise<readonly DkimKey[]> {
    const domain = normalDomain(name);
    const now = this.#clock.now();
    await this.#change(domain, (rows) => {
      if (!rows.some(({ state }) => state === 'next'))
        throw new MailError('conflict', 'user', `${domain} has no next keys`);
      return rows.flatMap((row): DkimRow[] => {
        if (row.state === 'next') return [{ ...row, state: 'active', since: now }];
        if (row.state === 'active') return [{ ...row, state: 'retired', since: now }];
        return now - row.since < RETIRED_MS ? [row] : [];
      });
    });
    return this.of(domain);
  }

  /** Ensures that there are some. */
  async #keys(domain: string): Promise<readonly SigningKey[]> {
    const { version, value } = await this.#kv.head(domainPartition(domain));
    const known = this.#known.get(domain);
    if (known?.version === version && value !== undefined) return this.#current(known.keys);
    const row = present(domain, decode<DomainRow>(value));
    if (row.dkim === undefined || row.dkim.length === 0) {
      const made = await pair(this.#selector([]), 'active', this.#clock.now());
      await this.#change(domain, (rows) => (rows.length > 0 ? rows : made));
      return this.#keys(domain);
    }
    const keys = row.dkim.map(opened).toSorted((a, b) => ORDER[a.state] - ORDER[b.state]);
    if (this.#known.size >= MOST_DOMAINS) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(domain, { version, keys });
    return this.#current(keys);
  }

  /** Without what need not be published any more. */
  #current(keys: readonly SigningKey[]): readonly SigningKey[] {
    const now = this.#clock.now();
    return keys.filter(({ state, since }) => state !== 'retired' || now - since < RETIRED_MS);
  }

  async #change(domain: string, change: (rows: readonly DkimRow[]) => readonly DkimRow[]): Promise<void> {
    await this.#transactions.run(domainPartition(domain), ({ header }) => {
      const row = present(domain, decode<DomainRow>(header));
      const before = row.dkim ?? [];
      const after = change(before);
      return after === before
        ? { result: undefined }
        : { batch: { header: encode({ ...row, dkim: after }) }, result: undefined };
    });
  }

  /** The day, so that people see how old a key is; with a number when there is one of that day already. */
  #selector(keys: readonly DkimKey[]): string {
    const day = new Date(this.#clock.now()).toISOString().slice(0, 10).replaceAll('-', '');
    const taken = new Set(keys.map(({ selector }) => selector.replace(/-[a-z0-9]+$/, '')));
    let name = day;
    for (let again = 2; taken.has(name); again++) name = `${day}x${again}`;
    return name;
  }
}

const ORDER = { active: 0, next: 1, retired: 2 } as const;

async function pair(selector: string, state: 'active' | 'next', since: number): Promise<readonly DkimRow[]> {
  // RFC 8301 §3.2: 2048 bits is what everybody takes and a TXT record holds.
  const [rsa, ed] = await Promise.all([generate('rsa', { modulusLength: 2048 }), generate('ed25519')]);
  const row = (algorithm: DkimAlgorithm, key: KeyObject): DkimRow => ({
    selector: `${selector}-${algorithm}`,
    algorithm,
    state,
    since,
    privateKey: key.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  });
  return [row('rsa', rsa.privateKey), row('ed25519', ed.privateKey)];
}

function opened({ selector, algorithm, state, since, privateKey }: DkimRow): SigningKey {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  const published = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const bytes = algorithm === 'ed25519' ? published.subarray(ED25519_PREFIX) : published;
  return { selector, algorithm, state, since, publicKey: bytes.toString('base64'), privateKey: key };
}

/** Nothing secret leaves with it. */
function shown({ selector, algorithm, state, since, publicKey }: SigningKey): DkimKey {
  return { selector, algorithm, state, since, publicKey };
}

function present(domain: string, row: DomainRow | undefined): DomainRow {
  if (row === undefined) throw new MailError('domain-missing', 'user', `there is no domain ${domain}`);
  return row;
}
