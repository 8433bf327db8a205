import { expect, test } from 'vitest';
import { DnsTestServer } from '../../test/dns/server.ts';
import { checkReverse } from './dns-records.ts';

test('an address is called in DNS as it says itself, and its name leads back', async () => {
  await using dns = await DnsTestServer.start({
    '10.2.0.192.in-addr.arpa': { PTR: ['out1.example.test'] },
    'out1.example.test': { A: ['192.0.2.10'] },
    '11.2.0.192.in-addr.arpa': { PTR: ['host.provider.test'] },
    '12.2.0.192.in-addr.arpa': { PTR: ['out2.example.test'] },
    'out2.example.test': { A: ['192.0.2.99'] },
  });
  const check = (address: string, name: string) => checkReverse(address, name, [dns.address]);
  expect(await check('192.0.2.10', 'Out1.example.test')).toBe('ok');
  expect(await check('192.0.2.11', 'out1.example.test')).toBe('it is called host.provider.test');
  expect(await check('192.0.2.12', 'out2.example.test')).toBe('out2.example.test leads to 192.0.2.99');
  expect(await check('192.0.2.13', 'out1.example.test')).toBe('it, or its name, has no record');
});
