/** DNS through the system's servers, or those that the configuration names. Answers are remembered as long as they hold. */
import { getServers } from 'node:dns';
import { isIP, isIPv6 } from 'node:net';
import {
  DnsError,
  type HostAddress,
  type MxRecord,
  type Resolver,
  type SrvRecord,
  type TlsaRecord,
} from '../ports/resolver.ts';
import { askServer, type DnsRecord, type DnsReply, type DnsServer, RCODE } from './dns-client.ts';

export interface SystemResolverOptions {
  /** "address" or "address:port"; empty = the system's. */
  readonly servers?: readonly string[];
  /** For one question, all tries and servers together. Default 10 s. */
  readonly deadlineMs?: number;
  /**
   * Whose word is taken for it that an answer was validated. `loopback`: a server on this machine, which nobody can come
   * between. Default `loopback`.
   */
  readonly trustValidation?: 'never' | 'loopback' | 'always';
}

const TRY_MS = 2_500;
const ROUNDS = 2;
/** Names that lead on to other names, in one answer or over several. */
const MAX_ALIASES = 8;
const MAX_RECORDS = 200;
const MAX_REMEMBERED = 5_000;
const MAX_REMEMBERED_S = 300;

interface Found {
  readonly records: readonly DnsRecord[];
  readonly authenticated: boolean;
}

export class SystemResolver implements Resolver {
  readonly #servers: readonly DnsServer[];
  readonly #options: SystemResolverOptions;
  readonly #closed = new AbortController();
  readonly #remembered = new Map<string, { readonly until: number; readonly found: Found }>();

  /** Throws on a server that is no address. */
  constructor(options: SystemResolverOptions = {}) {
    this.#options = options;
    const { servers = [] } = options;
    this.#servers = (servers.length > 0 ? servers : getServers()).map(parseServer);
  }

  async mx(domain: string, signal?: AbortSignal): Promise<MxRecord[]> {
    const { records, authenticated } = await this.#ask(domain, 'MX', signal);
    return records.map(({ data }) => {
      const { exchange, preference } = data as { exchange: string; preference?: number };
      return { exchange: exchange === '.' ? '' : exchange, preference: preference ?? 0, ...secure(authenticated) };
    });
  }

  async addresses(host: string, signal?: AbortSignal): Promise<HostAddress[]> {
    const family = isIP(host);
    if (family === 4 || family === 6) return [{ address: host, family }];
    // No question for DNS (RFC 6761 §6.3).
    if (/^(.*\.)?localhost\.?$/i.test(host.slice(-64)))
      return [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ];
    const [six, four] = await Promise.allSettled([this.#ask(host, 'AAAA', signal), this.#ask(host, 'A', signal)]);
    const found = [...addressesIn(six, 6), ...addressesIn(four, 4)];
    if (found.length > 0) return found;
    // One temporary failure is enough to not know.
    const reasons = [six, four].map((answer) =>
      answer.status === 'rejected' ? (answer.reason as unknown) : undefined,
    );
    throw reasons.find((reason) => !(reason instanceof DnsError && reason.permanent)) ?? reasons[1];
  }

  async txt(name: string, signal?: AbortSignal): Promise<string[]> {
    const { records } = await this.#ask(name, 'TXT', signal);
    return records.map(({ data }) => Buffer.concat([data].flat() as Buffer[]).toString('utf8'));
  }

  async ptr(address: string, signal?: AbortSignal): Promise<string[]> {
    if (isIP(address) === 0) throw new RangeError(`not an IP address: ${address.slice(0, 80)}`);
    const { records } = await this.#ask(reverseName(address), 'PTR', signal);
    return records.map(({ data }) => String(data));
  }

  async tlsa(name: string, signal?: AbortSignal): Promise<TlsaRecord[]> {
    const { records, authenticated } = await this.#ask(name, 'TLSA', signal);
    return records.map(({ data }) => {
      const { usage, selector, matchingType, certificate } = data as {
        readonly usage: number;
        readonly selector: number;
        readonly matchingType: number;
        readonly certificate: Buffer;
      };
      return { usage, selector, matchingType, data: certificate, ...secure(authenticated) };
    });
  }

  async srv(name: string, signal?: AbortSignal): Promise<SrvRecord[]> {
    const { records } = await this.#ask(name, 'SRV', signal);
    return records.map(({ data }) => {
      // What is zero the decoder leaves out.
      const {
        priority = 0,
        weight = 0,
        port,
        target,
      } = data as Partial<SrvRecord> & Pick<SrvRecord, 'port' | 'target'>;
      return { priority, weight, port, target: target === '.' ? '' : target };
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new Error('the resolver is closed'));
    return Promise.resolve();
  }

  async #ask(written: string, type: string, signal: AbortSignal | undefined): Promise<Found> {
    signal?.throwIfAborted();
    const name = written.toLowerCase().replace(/\.$/, '');
    if (!isName(name)) throw new DnsError('nxdomain', written.slice(0, 80));
    const known = this.#recall(`${type} ${name}`);
    if (known) return known;
    const deadline = AbortSignal.timeout(this.#options.deadlineMs ?? 10_000);
    const stop = AbortSignal.any([deadline, this.#closed.signal, ...(signal ? [signal] : [])]);
    let asked = name;
    let authenticated = true;
    const records: DnsRecord[] = [];
    for (let aliases = 0; ; ) {
      const [reply, server] = await this.#reply(asked, type, stop).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw error;
      });
      authenticated &&= reply.validated && this.#trusts(server);
      const chain = followed(asked, type, reply.records);
      records.push(...chain.records);
      if (records.length > 0 && reply.rcode === RCODE.ok) {
        const found = { records: records.slice(0, MAX_RECORDS), authenticated };
        this.#remember(`${type} ${name}`, found);
        return found;
      }
      if (reply.rcode === RCODE.nxdomain) throw new DnsError('nxdomain', name);
      aliases += chain.aliases;
      // A server that leaves the end of a chain to us.
      if (chain.aliases > 0 && chain.last !== asked && aliases <= MAX_ALIASES) asked = chain.last;
      else throw new DnsError(chain.aliases > 0 ? 'servfail' : 'nodata', name);
    }
  }

  /** Asks the servers in turn until one of them knows. */
  async #reply(name: string, type: string, stop: AbortSignal): Promise<readonly [DnsReply, DnsServer]> {
    let answered = false;
    let cause: unknown;
    for (let round = 0; round < ROUNDS; round++)
      for (const server of this.#servers) {
        if (stop.aborted) break;
        const patience = AbortSignal.any([stop, AbortSignal.timeout(TRY_MS)]);
        try {
          const reply = await askServer(server, { name, type }, patience);
          if (reply.rcode === RCODE.ok || reply.rcode === RCODE.nxdomain) return [reply, server];
          answered = true;
        } catch (error) {
          cause = error;
        }
      }
    throw new DnsError(answered && !stop.aborted ? 'servfail' : 'timeout', name, { cause });
  }

  #trusts(server: DnsServer): boolean {
    const { trustValidation = 'loopback' } = this.#options;
    return trustValidation === 'always' || (trustValidation === 'loopback' && /^(127\.|::1$)/.test(server.host));
  }

  #recall(key: string): Found | undefined {
    const kept = this.#remembered.get(key);
    if (kept === undefined) return undefined;
    if (kept.until > performance.now()) return kept.found;
    this.#remembered.delete(key);
    return undefined;
  }

  #remember(key: string, found: Found): void {
    const seconds = Math.min(MAX_REMEMBERED_S, ...found.records.map(({ ttl }) => ttl));
    if (seconds <= 0) return;
    this.#remembered.set(key, { until: performance.now() + seconds * 1000, found });
    // The oldest goes: maps keep their order.
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= MAX_REMEMBERED) break;
      this.#remembered.delete(oldest);
    }
  }
}

const secure = (authenticated: boolean): { authenticated?: boolean } => (authenticated ? { authenticated } : {});

function addressesIn(answer: PromiseSettledResult<Found>, family: 4 | 6): HostAddress[] {
  if (answer.status === 'rejected') return [];
  const { records, authenticated } = answer.value;
  return records.map(({ data }) => ({ address: String(data), family, ...secure(authenticated) }));
}

/** The records of the name, or of the name that its aliases in the same answer lead to. */
function followed(
  name: string,
  type: string,
  all: readonly DnsRecord[],
): { readonly records: readonly DnsRecord[]; readonly last: string; readonly aliases: number } {
  let last = name;
  for (let aliases = 0; ; aliases++) {
    const of = all.filter((record) => record.name.toLowerCase().replace(/\.$/, '') === last);
    const records = of.filter((record) => record.type === type);
    const alias = of.find((record) => record.type === 'CNAME');
    if (records.length > 0 || alias === undefined || aliases > MAX_ALIASES) return { records, last, aliases };
    last = String(alias.data).toLowerCase().replace(/\.$/, '');
  }
}

/** Labels of at most 63 octets, at most 253 together: nothing else can be asked for. */
function isName(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => label.length > 0 && Buffer.byteLength(label) <= 63);
}

function reverseName(address: string): string {
  if (!isIPv6(address)) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  const bare = address.replace(/%.*$/, '');
  // `new URL` writes an IPv6 address in hexadecimal groups, whatever it was.
  const [left = '', right] = new URL(`http://[${bare}]/`).hostname.slice(1, -1).split('::');
  const groups = (text: string | undefined): string[] => (text ? text.split(':') : []);
  const [before, after] = [groups(left), groups(right)];
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  const digits = [...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join('');
  return `${digits.split('').reverse().join('.')}.ip6.arpa`;
}

function parseServer(text: string): DnsServer {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? text;
  const port = Number(match?.[3] ?? 53);
  if (isIP(host) === 0 || port < 1 || port > 65_535) throw new RangeError(`not the address of a DNS server: ${text}`);
  return { host, port };
}
