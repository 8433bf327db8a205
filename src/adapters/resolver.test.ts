import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StaticResolver } from './resolver-static.ts';
import { SystemResolver } from './resolver-system.ts';

interface Packet {
  readonly id: number;
  readonly questions: readonly { readonly name: string; readonly type: string }[];
}
/** The part of dns-packet, which has no types, that is used here. */
const dnsPacket = createRequire(import.meta.url)('dns-packet') as {
  readonly RECURSION_AVAILABLE: number;
  decode(bytes: Buffer): Packet;
  encode(packet: Packet & { type: 'response'; flags: number; answers: readonly object[] }): Buffer;
};

/** A name server on loopback: each name is answered as it is called. */
const server = createSocket('udp4');
let address: string;

beforeAll(async () => {
  server.on('message', (query: Buffer, from: RemoteInfo) => {
    const { id, questions } = dnsPacket.decode(query);
    const [question] = questions;
    if (!question) return;
    const { name, type } = question;
    if (name === 'silent.test') return;
    const answers: object[] = [];
    if (name === 'mail.test' && type === 'MX')
      answers.push({ name, type, ttl: 1, data: { preference: 10, exchange: 'mx.mail.test' } });
    if (name === 'mail.test' && type === 'TXT') answers.push({ name, type, ttl: 1, data: ['v=spf1 ', '-all'] });
    if (name === 'both.test' && type === 'A') answers.push({ name, type, ttl: 1, data: '192.0.2.1' });
    if (name === 'both.test' && type === 'AAAA') answers.push({ name, type, ttl: 1, data: '2001:db8::1' });
    if (name === 'four.test' && type === 'A') answers.push({ name, type, ttl: 1, data: '192.0.2.4' });
    if (name === '1.2.0.192.in-addr.arpa' && type === 'PTR') answers.push({ name, type, ttl: 1, data: 'host.test' });
    const rcode = name === 'broken.test' ? 2 : name === 'none.test' ? 3 : 0;
    const packet = dnsPacket.encode({
      type: 'response',
      id,
      flags: dnsPacket.RECURSION_AVAILABLE | rcode,
      questions,
      answers,
    });
    server.send(packet, from.port, from.address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  address = `127.0.0.1:${server.address().port}`;
});
afterAll(() => server.close());

describe('the system resolver', () => {
  it('asks the servers it was given', async () => {
    await using resolver = new SystemResolver({ servers: [address] });
    expect(await resolver.mx('mail.test')).toEqual([{ exchange: 'mx.mail.test', preference: 10 }]);
    expect(await resolver.txt('mail.test')).toEqual(['v=spf1 -all']);
    expect(await resolver.ptr('192.0.2.1')).toEqual(['host.test']);
    expect(await resolver.addresses('both.test')).toEqual([
      { address: '2001:db8::1', family: 6 },
      { address: '192.0.2.1', family: 4 },
    ]);
    expect(await resolver.addresses('four.test')).toEqual([{ address: '192.0.2.4', family: 4 }]);
    expect(await resolver.addresses('192.0.2.9')).toEqual([{ address: '192.0.2.9', family: 4 }]);
  });

  it('tells what is not there from what is not known', async () => {
    await using resolver = new SystemResolver({ servers: [address], deadlineMs: 300 });
    await expect(resolver.mx('none.test')).rejects.toMatchObject({ kind: 'nxdomain' });
    await expect(resolver.mx('both.test')).rejects.toMatchObject({ kind: 'nodata' });
    await expect(resolver.addresses('none.test')).rejects.toMatchObject({ kind: 'nxdomain' });
    await expect(resolver.mx('broken.test')).rejects.toMatchObject({ kind: 'servfail' });
    await expect(resolver.mx('silent.test')).rejects.toMatchObject({ kind: 'timeout' });
    await expect(resolver.mx('')).rejects.toMatchObject({ kind: 'nxdomain' });
    await expect(resolver.mx('a'.repeat(300))).rejects.toMatchObject({ kind: 'nxdomain' });
    await expect(resolver.ptr('no address')).rejects.toThrow(RangeError);
  });

  it('stops when it is told to, with the reason', async () => {
    await using resolver = new SystemResolver({ servers: [address] });
    const stop = new AbortController();
    const asked = resolver.mx('silent.test', stop.signal);
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });

  it('refuses a server that is no address', () => {
    expect(() => new SystemResolver({ servers: ['not an address'] })).toThrow();
  });
});

describe('the static resolver', () => {
  it('answers from its zones', async () => {
    const mx = [{ exchange: 'mx.a.test', preference: 1 }];
    const resolver = new StaticResolver({ 'a.test': { mx }, 'b.test': { fails: 'servfail' } });
    expect(await resolver.mx('A.test.')).toEqual(mx);
    await expect(resolver.txt('a.test')).rejects.toMatchObject({ kind: 'nodata' });
    await expect(resolver.txt('b.test')).rejects.toMatchObject({ kind: 'servfail' });
    await expect(resolver.txt('c.test')).rejects.toMatchObject({ kind: 'nxdomain' });
    expect(resolver.asked).toEqual(['mx A.test.', 'txt a.test', 'txt b.test', 'txt c.test']);
  });
});
