import { describe, expect, it } from 'vitest';
import { MemoryCache } from '../../adapters/cache-memory.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { StaticResolver, type StaticZone } from '../../adapters/resolver-static.ts';
import { HeaderBlock } from '../../mail/header.ts';
import { ReverseNames } from '../../net/reverse-name.ts';
import type { Resolver } from '../../ports/resolver.ts';
import { silentLog } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import { Authenticator, DEADLINE_MS } from './check.ts';
import type { DmarcRules } from './policy.ts';
import { type Authentication, resultsField } from './results.ts';

const clock = new ManualClock();
const rules: DmarcRules = { mode: 'enforce', trustedSealers: new Set(['list.test']) };

interface Facts {
  readonly ip?: string;
  readonly hello?: string;
  readonly sender?: string;
  readonly mail?: string;
  readonly rules?: Partial<DmarcRules>;
}

function begin(resolver: Resolver, facts: Facts, loopback = false) {
  const { ip = '192.0.2.1', hello = 'mail.author.test', sender = 'kim@author.test' } = facts;
  const authenticator = new Authenticator({
    resolver,
    reverseNames: new ReverseNames({ resolver, cache: new MemoryCache(clock), clock }),
    clock,
    log: silentLog,
    metrics: new Metrics(),
    hostname: 'mx.test',
    loopback,
    rules: { ...rules, ...facts.rules },
  });
  const raw = Buffer.from(facts.mail ?? MAIL);
  const header = HeaderBlock.parse(raw.subarray(0, raw.indexOf('\r\n\r\n') + 2));
  const check = authenticator.begin(sender, { protocol: 'ESMTP', hello, remote: ip, cipher: '' }, header);
  return { check, raw };
}

async function checked(zones: Record<string, StaticZone>, facts: Facts = {}): Promise<Authentication> {
  const { check, raw } = begin(new StaticResolver(zones), facts);
  for (let at = 0; at < raw.length; at += 10_000) await check!.push(raw.subarray(at, at + 10_000));
  return check!.end();
}

const MAIL = 'From: Kim <kim@author.test>\r\nTo: lee@mx.test\r\nSubject: hi\r\n\r\nhello\r\n';
const ip4 = (...addresses: string[]): StaticZone => ({
  addresses: addresses.map((address) => ({ address, family: 4 as const })),
});

describe('SPF (RFC 7208)', () => {
  // Records of RFC 7208 appendix A, in a zone of ours.
  const zone: Record<string, StaticZone> = {
    'example.com': { ...ip4('192.0.2.10', '192.0.2.11'), mx: [mx('mail-a', 10), mx('mail-b', 20)] },
    'mail-a.example.com': ip4('192.0.2.129'),
    'mail-b.example.com': ip4('192.0.2.130'),
    'amy.example.com': ip4('192.0.2.65'),
    'example.org': { mx: [{ exchange: 'mail-c.example.org', preference: 10 }] },
    'mail-c.example.org': ip4('192.0.2.140'),
    '192.0.2.65': { ptr: ['amy.example.com'] },
    'mary.mobile-users._spf.example.com': ip4('127.0.0.2'),
    'fred.mobile-users._spf.example.com': ip4('127.0.0.2'),
    'included.test': { txt: ['v=spf1 ip4:192.0.2.65 -all'] },
    'broken.test': { fails: 'servfail' },
    'two.test': { txt: ['v=spf1 +all', 'v=spf1 -all'] },
    'loop.test': { txt: ['v=spf1 include:loop.test -all'] },
  };
  function mx(host: string, preference: number) {
    return { exchange: `${host}.example.com`, preference };
  }

  it.each([
    ['v=spf1 +all', '192.0.2.99', 'pass'],
    ['v=spf1 a -all', '192.0.2.10', 'pass'],
    ['v=spf1 a -all', '192.0.2.12', 'fail'],
    ['v=spf1 a:example.org -all', '192.0.2.10', 'fail'],
    ['v=spf1 mx -all', '192.0.2.129', 'pass'],
    ['v=spf1 mx -all', '192.0.2.131', 'fail'],
    ['v=spf1 mx:example.org -all', '192.0.2.140', 'pass'],
    ['v=spf1 mx mx:example.org -all', '192.0.2.130', 'pass'],
    ['v=spf1 mx/30 mx:example.org/30 -all', '192.0.2.131', 'pass'],
    ['v=spf1 ptr -all', '192.0.2.65', 'pass'],
    ['v=spf1 ptr -all', '192.0.2.140', 'fail'],
    ['v=spf1 ip4:192.0.2.128/28 -all', '192.0.2.129', 'pass'],
    ['v=spf1 ip4:192.0.2.128/28 ~all', '192.0.2.65', 'softfail'],
    ['v=spf1 ip6:2001:db8::/32 -all', '2001:db8::1', 'pass'],
    ['v=spf1 mx exists:%{l}.mobile-users._spf.%{d} -all', '10.0.0.1', 'pass'],
    ['v=spf1 exists:nobody.%{d} -all', '10.0.0.1', 'fail'],
    ['v=spf1 include:included.test -all', '192.0.2.65', 'pass'],
    ['v=spf1 include:included.test ?all', '192.0.2.66', 'neutral'],
    ['v=spf1 redirect=included.test', '192.0.2.65', 'pass'],
    ['v=spf1 redirect=included.test', '192.0.2.66', 'fail'],
    ['v=spf1 include:broken.test -all', '192.0.2.65', 'temperror'],
    ['v=spf1 include:missing.test -all', '192.0.2.65', 'permerror'],
    ['v=spf1 include:two.test -all', '192.0.2.65', 'permerror'],
    ['v=spf1 include:loop.test -all', '192.0.2.65', 'permerror'],
    ['v=spf1 nonsense:x -all', '192.0.2.65', 'permerror'],
    ['no spf here', '192.0.2.65', 'none'],
  ])('%s from %s: %s', async (record, ip, result) => {
    const zones = { ...zone, 'example.com': { ...zone['example.com'], txt: [record] } };
    const { spf } = await checked(zones, { sender: 'mary@example.com', ip });
    expect(spf).toMatchObject({ result, identity: 'mailfrom', domain: 'example.com' });
  });

  it('checks the greeting when the sender is null', async () => {
    const zones = { 'helo.test': { txt: ['v=spf1 ip4:192.0.2.1 -all'] } };
    expect((await checked(zones, { sender: '', hello: 'helo.test' })).spf).toMatchObject({
      result: 'pass',
      identity: 'helo',
    });
    expect((await checked(zones, { sender: '', hello: '[192.0.2.1]' })).spf.result).toBe('none');
    expect((await checked(zones, { sender: '', hello: '' })).spf.result).toBe('none');
  });
});

describe('the name of the client', () => {
  it.each([
    ['192.0.2.1', { '192.0.2.1': { ptr: ['a.test'] }, 'a.test': ip4('192.0.2.1') }, 'pass', 'a.test'],
    ['192.0.2.1', { '192.0.2.1': { ptr: ['a.test'] }, 'a.test': ip4('192.0.2.2') }, 'fail', ''],
    ['192.0.2.1', { '192.0.2.1': { ptr: ['a.test'] }, 'a.test': { fails: 'servfail' } }, 'temperror', ''],
    ['192.0.2.1', {}, 'permerror', ''],
    ['192.0.2.1', { '192.0.2.1': { fails: 'timeout' } }, 'temperror', ''],
    [
      '2001:db8::1',
      {
        '2001:db8::1': { ptr: ['six.test'] },
        'six.test': { addresses: [{ address: '2001:DB8:0::1', family: 6 as const }] },
      },
      'pass',
      'six.test',
    ],
  ] as const)('%s %j: %s', async (ip, zones, result, name) =>
    expect((await checked(zones as never, { ip })).iprev).toEqual({ result, address: ip, name }),
  );
});

describe('DMARC (RFC 9989)', () => {
  const reject = { txt: ['v=DMARC1; p=reject'] };
  const good = { '_dmarc.author.test': reject, 'author.test': { txt: ['v=spf1 ip4:192.0.2.1 -all'] } };

  it('passes with an aligned SPF result', async () =>
    expect((await checked(good)).dmarc).toEqual({
      result: 'pass',
      domain: 'author.test',
      policyDomain: 'author.test',
      policy: 'reject',
      disposition: 'none',
      spfAligned: true,
      dkimAligned: false,
    }));

  it.each([
    ['v=DMARC1; p=reject', 'fail', 'reject'],
    ['v=DMARC1; p=quarantine', 'fail', 'quarantine'],
    ['v=DMARC1; p=none', 'fail', 'none'],
    ['v=DMARC1; p=reject; t=y', 'fail', 'quarantine'],
    ['v=DMARC1; p=nonsense', 'none', 'none'],
    ['v=spf1 -all', 'none', 'none'],
  ])('%s, and nobody stands behind the mail: %s, %s', async (record, result, disposition) => {
    const zones = { '_dmarc.author.test': { txt: [record] } };
    expect((await checked(zones)).dmarc).toMatchObject({ result, disposition });
  });

  it('takes the policy for subdomains from above, and aligns relaxed or strictly', async () => {
    const mail = MAIL.replace('kim@author', 'kim@news.author');
    const zones = (record: string) => ({ ...good, '_dmarc.author.test': { txt: [record] } });
    const inherited = await checked(zones('v=DMARC1; p=none; sp=quarantine'), { mail, ip: '192.0.2.9' });
    expect(inherited.dmarc).toMatchObject({ domain: 'news.author.test', disposition: 'quarantine' });
    expect((await checked(zones('v=DMARC1; p=reject'), { mail })).dmarc.result).toBe('pass');
    expect((await checked(zones('v=DMARC1; p=reject; aspf=s'), { mail })).dmarc.result).toBe('fail');
  });

  it('only reports when it is told to', async () => {
    const { dmarc } = await checked({ '_dmarc.author.test': reject }, { rules: { mode: 'report' } });
    expect(dmarc).toMatchObject({ result: 'fail', disposition: 'none', override: 'local-policy' });
  });

  it('puts what a mailing list passed on into Junk instead of refusing it', async () => {
    const { dmarc } = await checked({ '_dmarc.author.test': reject }, { mail: `List-Id: <a.list.test>\r\n${MAIL}` });
    expect(dmarc).toMatchObject({ disposition: 'quarantine', override: 'mailing-list' });
  });

  it.each(['Received: from a by b; x', 'Delivered-To: x@list.test', 'Resent-From: x@list.test'])(
    'a mail that came another way is put into Junk, too: a policy alone refuses nothing (%s)',
    async (trace) => {
      const { dmarc } = await checked({ '_dmarc.author.test': reject }, { mail: `${trace}\r\n${MAIL}` });
      expect(dmarc).toMatchObject({ result: 'fail', disposition: 'quarantine', override: 'local-policy' });
    },
  );

  it('is not possible with no author, two From fields, or authors of several domains', async () => {
    for (const from of ['X: y', 'From: a@author.test\r\nFrom: b@author.test', 'From: a@author.test, b@other.test'])
      expect((await checked(good, { mail: `${from}\r\n\r\nx` })).dmarc).toMatchObject({
        result: 'permerror',
        disposition: 'none',
      });
  });

  it('DNS that fails is temporary, and no reason to do anything', async () => {
    const zones = { '_dmarc.author.test': { fails: 'servfail' as const } };
    expect((await checked(zones)).dmarc).toMatchObject({ result: 'temperror', disposition: 'none' });
  });
});

describe('what holds up the mail', () => {
  it('not a DNS server that never answers', async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    const silent = { mx: never, addresses: never, txt: never, ptr: never } as unknown as Resolver;
    const signed = `DKIM-Signature: v=1; a=rsa-sha256; d=author.test; s=x; h=from; bh=${'a'.repeat(43)}=; b=abcd\r\n${MAIL}`;
    const { check, raw } = begin(silent, { mail: signed });
    await check!.push(raw);
    const ended = check!.end();
    // The library is loaded on the way, so the moment at which it waits for DNS is not known.
    let done = false;
    void ended.then(() => (done = true));
    while (!done) {
      await clock.advance(DEADLINE_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { iprev, spf, dmarc } = await ended;
    expect([iprev.result, spf.result, dmarc.result]).toEqual(['temperror', 'temperror', 'temperror']);
  });

  it('not a mail that asks for more than its share', async () => {
    const resolver = new StaticResolver({
      'author.test': { txt: ['v=spf1 mx mx:a.test mx:b.test mx:c.test mx:d.test -all'] },
      ...Object.fromEntries(
        ['author.test', 'a.test', 'b.test', 'c.test', 'd.test'].map((name) => [
          name === 'author.test' ? 'x.test' : name,
          { mx: Array.from({ length: 200 }, (_, i) => ({ exchange: `m${i}.${name}`, preference: i })) },
        ]),
      ),
    });
    const { check, raw } = begin(resolver, {});
    await check!.push(raw);
    expect((await check!.end()).spf.result).toMatch(/permerror|temperror|fail/);
    expect(resolver.asked.length).toBeLessThan(250);
  });

  it.each([
    ['lines without end', `${MAIL}${'x '.repeat(200_000)}`],
    ['empty lines without end', `${MAIL}${' \r\n'.repeat(20_000)}x\r\n`],
    ['folds without end', MAIL.replace('Subject: hi', `Subject: hi${'\r\n a'.repeat(2_000)}`)],
    ['fields without end', `${'X: y\r\n'.repeat(5_000)}${MAIL}`],
  ])('not %s: such a signature is an error, whatever it says', async (_what, mail) => {
    const signature = 'DKIM-Signature: v=1; a=rsa-sha256; d=author.test; s=x; h=from; bh=aa; b=bb\r\n';
    expect((await checked({}, { mail: signature + mail })).dkim).toMatchObject([{ result: 'permerror' }]);
  });

  it('not a hundred signatures', async () => {
    const signature = 'DKIM-Signature: v=1; a=rsa-sha256; d=author.test; s=x; h=from; bh=aa; b=bb\r\n';
    expect((await checked({}, { mail: signature.repeat(100) + MAIL })).dkim).toHaveLength(5);
  });

  it('and this machine itself is not checked unless it is told to', () => {
    const resolver = new StaticResolver({});
    expect(begin(resolver, { ip: '127.0.0.1' }).check).toBeUndefined();
    expect(begin(resolver, { ip: '' }, true).check).toBeUndefined();
    const { check } = begin(resolver, { ip: '127.0.0.1' }, true);
    expect(check).toBeDefined();
    check!.abort();
  });
});

it('says all of it in one field', async () => {
  const zones = { '_dmarc.author.test': { txt: ['v=DMARC1; p=quarantine'] } };
  expect(resultsField('mx.test', await checked(zones)).replaceAll(/\r\n\t ?/g, ' ')).toBe(
    'Authentication-Results: mx.test; iprev=permerror policy.iprev=192.0.2.1; spf=none smtp.mailfrom=author.test; ' +
      'dkim=none; arc=none; dmarc=fail (p=quarantine disposition=quarantine) header.from=author.test policy.dmarc=quarantine\r\n',
  );
});

it('names the logo of a domain that is proven and asks others to keep forgeries out (BIMI)', async () => {
  const field = async (policy: string): Promise<string> =>
    resultsField(
      'mx.test',
      await checked({
        'author.test': { txt: ['v=spf1 ip4:192.0.2.1 -all'] },
        '_dmarc.author.test': { txt: [`v=DMARC1; p=${policy}`] },
        'default._bimi.author.test': { txt: ['v=BIMI1; l=https://author.test/logo.svg'] },
      }),
    ).replaceAll(/\r\n\t ?/g, ' ');
  expect(await field('quarantine')).toMatch(
    /; bimi=pass \(neither[^)]*\) header\.d=author\.test header\.selector=default policy\.authority=none\r\nBIMI-Location: v=BIMI1; l=https:\/\/author\.test\/logo\.svg;\r\n$/,
  );
  expect(await field('none')).not.toMatch(/bimi/i);
});
