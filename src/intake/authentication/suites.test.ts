/** The test suites of openspf.org (RFC 7208) and of ValiMail (ARC), as they were published; see `test/fixtures/vectors/`. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { MemoryCache } from '../../adapters/cache-memory.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { StaticResolver } from '../../adapters/resolver-static.ts';
import { HeaderBlock } from '../../mail/header.ts';
import { ReverseNames } from '../../net/reverse-name.ts';
import { DnsError, type HostAddress, type MxRecord, type Resolver } from '../../ports/resolver.ts';
import { silentLog } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import { Authenticator } from './check.ts';
import { lookup } from './dns.ts';
import { checkSignatures } from './signatures.ts';

function suite<T>(name: string): readonly T[] {
  const file = new URL(`../../../test/fixtures/vectors/${name}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString()) as T[];
}

interface SpfSection {
  readonly section: string;
  /** By name: records, and `TIMEOUT` where every other question times out. */
  readonly zones: Readonly<Record<string, readonly (string | Readonly<Record<string, unknown>>)[]>>;
  readonly tests: readonly {
    readonly name: string;
    readonly helo: string;
    readonly host: string;
    readonly mailfrom: string;
    readonly results: readonly string[];
  }[];
}

/** DNS as the suite writes it down: what it says of SPF holds for TXT, unless TXT says otherwise. */
class SuiteResolver implements Resolver {
  readonly #zones: ReadonlyMap<string, SpfSection['zones'][string]>;

  constructor(zones: SpfSection['zones']) {
    this.#zones = new Map(Object.entries(zones).map(([name, records]) => [name.toLowerCase(), records]));
  }

  async mx(domain: string): Promise<MxRecord[]> {
    const found = this.#answer(domain, ['MX']) as (readonly [number, string])[];
    return found.map(([preference, exchange]) => ({ preference, exchange }));
  }

  async addresses(host: string): Promise<HostAddress[]> {
    const of = (type: string, family: 4 | 6): HostAddress[] =>
      this.#answer(host, [type], true).map((address) => ({ address: String(address), family }));
    const found = [...of('A', 4), ...of('AAAA', 6)];
    if (found.length === 0) throw new DnsError('nodata', host);
    return found;
  }

  async txt(name: string): Promise<string[]> {
    return this.#answer(name, ['TXT', 'SPF']).map((text) => (Array.isArray(text) ? text.join('') : String(text)));
  }

  async ptr(address: string): Promise<string[]> {
    return this.#answer(reverse(address), ['PTR']).map(String);
  }

  tlsa(name: string): Promise<never> {
    return Promise.reject(new DnsError('nodata', name));
  }

  srv(name: string): Promise<never> {
    return Promise.reject(new DnsError('nodata', name));
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #answer(asked: string, types: readonly string[], mayBeNone = false, aliases = 0): unknown[] {
    const name = asked.toLowerCase().replace(/\.$/, '');
    if (name.length > 253 || name.split('.').some((label) => label.length === 0 || label.length > 63))
      throw new DnsError('nxdomain', asked);
    const records = this.#zones.get(name);
    if (records === undefined) throw new DnsError('nxdomain', asked);
    const of = (type: string): unknown[] =>
      records.flatMap((record) => (typeof record !== 'string' && type in record ? [record[type]] : []));
    const [alias] = of('CNAME');
    if (typeof alias === 'string' && aliases < 5) return this.#answer(alias, types, mayBeNone, aliases + 1);
    const found = types.map(of).find((one) => one.length > 0) ?? [];
    const some = found.filter((one) => one !== 'NONE');
    if (some.includes('TIMEOUT') || (some.length === 0 && records.includes('TIMEOUT')))
      throw new DnsError('timeout', asked);
    if (some.length === 0 && !mayBeNone) throw new DnsError('nodata', asked);
    return some;
  }
}

function reverse(address: string): string {
  if (!address.includes(':')) return `${address.split('.').toReversed().join('.')}.in-addr.arpa`;
  const [before = '', after] = address.split('::');
  const head = before.split(':').filter((part) => part !== '');
  const tail = (after ?? '').split(':').filter((part) => part !== '');
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  const digits = groups.map((group) => group.padStart(4, '0')).join('');
  return `${digits.split('').toReversed().join('.')}.ip6.arpa`;
}

describe('the SPF test suite (2014.04)', () => {
  const clock = new ManualClock();
  const header = HeaderBlock.parse(Buffer.from('Subject: x\r\n'));
  test.each(suite<SpfSection>('spf').map((one) => [one.section, one] as const))('%s', async (_, { zones, tests }) => {
    const wrong: string[] = [];
    for (const { name, helo, host, mailfrom, results } of tests) {
      const resolver = new SuiteResolver(zones);
      const authenticator = new Authenticator({
        resolver,
        reverseNames: new ReverseNames({ resolver, cache: new MemoryCache(clock), clock }),
        clock,
        log: silentLog,
        metrics: new Metrics(),
        hostname: 'mx.test',
        loopback: true,
        rules: { mode: 'report', trustedSealers: new Set() },
      });
      const check = authenticator.begin(mailfrom, { protocol: 'ESMTP', hello: helo, remote: host, cipher: '' }, header);
      await check!.push(Buffer.from('Subject: x\r\n\r\n'));
      const { spf } = await check!.end();
      if (!results.includes(spf.result)) wrong.push(`${name}: ${spf.result}, not ${results.join(' or ')}`);
    }
    expect(wrong).toEqual([]);
  });
});

interface ArcSection {
  readonly section: string;
  readonly records: Readonly<Record<string, string>>;
  readonly tests: readonly { readonly name: string; readonly message: string; readonly cv: string }[];
}

/** Where the suite, which was made for a draft, and the RFCs disagree. */
const DIFFERENT: ReadonlyMap<string, string> = new Map([
  // A newest seal that says `cv=fail` makes the chain fail (RFC 8617 §5.2, step 2); the suite has no result there.
  ['cv_fail_i1_as_cv_fail', 'fail'],
  ['cv_fail_i2_as2_fail', 'fail'],
  ['cv_fail_i2_as1_fail', 'fail'],
  // Without c= the canonicalization is simple (RFC 6376 §3.5); this was signed as relaxed.
  ['ams_fields_c_na', 'fail'],
  // h= names one field at least (RFC 6376 §3.5).
  ['ams_fields_h_empty', 'fail'],
]);

describe('the ARC test suite (2018)', () => {
  test.each(suite<ArcSection>('arc').map((one) => [one.section, one] as const))('%s', async (_, { records, tests }) => {
    const zones = Object.fromEntries(
      Object.entries(records).map(([name, txt]) => [name.toLowerCase(), { txt: [txt] }]),
    );
    const wrong: string[] = [];
    for (const { name, message, cv } of tests) {
      const raw = Buffer.from(message.replaceAll('\n', '\r\n'));
      const end = raw.indexOf('\r\n\r\n');
      const header = HeaderBlock.parse(end < 0 ? raw : raw.subarray(0, end + 2));
      const dns = lookup(new StaticResolver(zones), new AbortController().signal);
      const check = checkSignatures(header, dns, Date.UTC(2018, 0));
      await check.push(raw);
      const { arc } = await check.end();
      const expected = DIFFERENT.get(name) ?? cv;
      if (arc.result !== expected) wrong.push(`${name}: ${arc.result}, not ${expected} (${arc.reason ?? ''})`);
    }
    expect(wrong).toEqual([]);
  });
});
