import { describe, expect, test } from 'vitest';
import { DnsTestServer } from '../../test/dns/server.ts';
import { SystemResolver } from '../adapters/resolver-system.ts';
import { brandIndicator } from '../intake/authentication/bimi.ts';
import { checkRecords, checkReverse, recordsFor } from './dns-records.ts';

test('an address is called in DNS as it says itself, and its name leads back', async () => {
  await using dns = await DnsTestServer.start({
    '10.2.0.192.in-addr.arpa': { PTR: ['out1.example.test'] },
    'out1.example.test': { A: ['192.0.2.10'] },
    '11.2.0.192.in-addr.arpa': { PTR: ['host.provider.test'] },
    '12.2.0.192.in-addr.arpa': { PTR: ['out2.example.test'] },
    'out2.example.test': { A: ['192.0.2.99'] },
  });
  await using resolver = new SystemResolver({ servers: [dns.address] });
  const check = (address: string, name: string) => checkReverse(address, name, resolver);
  expect(await check('192.0.2.10', 'Out1.example.test')).toBe('ok');
  expect(await check('192.0.2.11', 'out1.example.test')).toBe('it is called host.provider.test');
  expect(await check('192.0.2.12', 'out2.example.test')).toBe('out2.example.test leads to 192.0.2.99');
  expect(await check('192.0.2.13', 'out1.example.test')).toBe('it, or its name, has no record');
});

test('a domain whose people take notifications says so', () => {
  const published = { hostname: 'mx.example.test', stsPolicy: undefined };
  const names = (takesNotifications: boolean) =>
    recordsFor('example.test', { ...published, takesNotifications }, []).map(({ name, value }) => `${name} ${value}`);
  expect(names(true)).toContain('_downmail.example.test. v=DOWNMAIL1');
  expect(names(false).join()).not.toContain('downmail');
});

describe('the record of a logo (BIMI)', () => {
  const published = { hostname: 'mx.example.test', stsPolicy: undefined };
  const logo = 'https://brand.example/DOMAIN.svg';
  const brandOf = (brand?: { readonly logo: string; readonly certificate: string }) =>
    recordsFor('example.test', { ...published, ...(brand && { brand }) }, []).filter(({ name }) =>
      name.includes('_bimi'),
    );

  test('is shown for each domain where a logo is set, with its certificate when there is one', () => {
    expect(brandOf()).toEqual([]);
    expect(brandOf({ logo, certificate: '' })).toEqual([
      { name: 'default._bimi.example.test.', type: 'TXT', value: 'v=BIMI1; l=https://brand.example/example.test.svg;' },
    ]);
    expect(brandOf({ logo, certificate: 'https://brand.example/vmc.pem' })[0]?.value).toBe(
      'v=BIMI1; l=https://brand.example/example.test.svg; a=https://brand.example/vmc.pem;',
    );
  });

  test('is one that our own check of arriving mail takes, beside the DMARC policy that is shown', async () => {
    const records = recordsFor('example.test', { ...published, brand: { logo, certificate: '' } }, []);
    const texts = records
      .filter(({ type }) => type === 'TXT')
      .map(({ name, value }) => [name.replace(/\.$/, ''), value]);
    const zone = Object.fromEntries(texts.map(([name = '', value = '']) => [name, { TXT: [value] }]));
    await using dns = await DnsTestServer.start(zone);
    await using resolver = new SystemResolver({ servers: [dns.address] });
    const policy = /p=(\w+)/.exec(zone['_dmarc.example.test']?.TXT[0] ?? '')?.[1] as 'quarantine';
    const aligned = { spfAligned: true, dkimAligned: true, disposition: 'none' } as const;
    const dmarc = { result: 'pass', policy, domain: 'example.test', policyDomain: 'example.test', ...aligned } as const;
    expect(await brandIndicator(dmarc, resolver, AbortSignal.timeout(60_000))).toEqual({
      result: 'pass',
      domain: 'example.test',
      location: 'https://brand.example/example.test.svg',
      authority: '',
    });
  });
});

test('records are looked up as they are shown, those of the MTA-STS policy too', async () => {
  const policy = 'version: STSv1\r\nmode: testing\r\nmx: mx.example.test\r\nmax_age: 604800\r\n';
  const records = recordsFor('example.test', { hostname: 'mx.example.test', stsPolicy: policy }, []);
  const named = (start: string) => records.find(({ name }) => name.startsWith(start))!;
  await using dns = await DnsTestServer.start({
    'mx.example.test': { A: ['192.0.2.10'] },
    'example.test': { MX: [{ preference: 10, exchange: 'mx.example.test' }], TXT: ['v=spf1 -all', 'other'] },
    '_mta-sts.example.test': { TXT: [named('_mta-sts').value] },
    'mta-sts.example.test': { A: ['192.0.2.10'] },
    '_imaps._tcp.example.test': { SRV: [{ priority: 0, weight: 1, port: 993, target: 'mx.example.test' }] },
    '_pop3s._tcp.example.test': { fails: 'refused' },
  });
  await using resolver = new SystemResolver({ servers: [dns.address] });
  const found = await checkRecords(records, resolver);
  expect(Object.fromEntries(records.map(({ name, type }, i) => [`${type} ${name}`, found[i]]))).toEqual({
    'CNAME autoconfig.example.test.': 'missing',
    'SRV _autodiscover._tcp.example.test.': 'missing',
    'MX example.test.': 'ok',
    'TXT example.test.': 'v=spf1 -all',
    'TXT _dmarc.example.test.': 'missing',
    'TXT _smtp._tls.example.test.': 'missing',
    'TXT _mta-sts.example.test.': 'ok',
    'CNAME mta-sts.example.test.': 'ok',
    'SRV _submissions._tcp.example.test.': 'missing',
    'SRV _imaps._tcp.example.test.': 'ok',
    'SRV _pop3s._tcp.example.test.': 'not known (servfail)',
  });
});
