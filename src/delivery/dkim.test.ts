import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../adapters/clock-manual.ts';
import { MemoryKv } from '../adapters/kv-memory.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { dkimRecord } from '../directory/dns-records.ts';
import { DkimKeys } from '../directory/dkim-keys.ts';
import { Domains } from '../directory/domains.ts';
import { Transactions } from '../directory/transact.ts';
import { createLog } from '../telemetry/log.ts';
import { DkimSigner } from './dkim.ts';

async function lab() {
  const clock = new ManualClock();
  const random = new SeededRandom(1);
  const kv = new MemoryKv();
  await new Domains(kv, new Transactions(kv, clock, random), clock).add('example.test');
  const keys = new DkimKeys(kv, clock, random);
  const lines: string[] = [];
  const log = createLog({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } });
  return { clock, keys, signer: new DkimSigner({ keys, clock, log }), lines };
}

let shared: Awaited<ReturnType<typeof lab>>;
beforeAll(async () => {
  shared = await lab();
});

async function* pieces(raw: Buffer, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < raw.length; at += size) yield raw.subarray(at, at + size);
}

const mail = (header: string, body = 'hello\r\n'): Buffer => Buffer.from(`${header}\r\n\r\n${body}`);
const HEADER = 'From: Kim <kim@Example.test>\r\nTo: lee@remote.test\r\nSubject: hi\r\nDate: x\r\nMessage-ID: <1@a>';

/** What any verifier says of the message with what we put in front of it, with the DNS records that we publish. */
async function verified(message: Buffer): Promise<string[]> {
  const published = new Map(
    (await shared.keys.of('example.test')).map((key) => [
      `${key.selector}._domainkey.example.test`,
      dkimRecord('example.test', key).value,
    ]),
  );
  const signature = await shared.signer.sign(pieces(message));
  const { results } = await dkimVerify(Buffer.concat([signature, message]), {
    strict: true,
    curTime: new Date(shared.clock.now()),
    resolver: async (name: string) => {
      const record = published.get(name);
      if (record === undefined) throw Object.assign(new Error(name), { code: 'ENOTFOUND' });
      return [[record]];
    },
  });
  return results.map(({ status, signingDomain, algo }) => `${status.result} ${signingDomain} ${algo}`);
}

describe('DKIM signatures', () => {
  const both = ['pass example.test rsa-sha256', 'pass example.test ed25519-sha256'];

  it('of a gateway, for a notification whose author is elsewhere and for nothing else', async () => {
    const foreign = HEADER.replace('kim@Example.test', 'dave@remote.test');
    const notification = mail(`${foreign}\r\nDownmail-Notification: v=1`);
    expect((await shared.signer.sign(pieces(notification), 'example.test')).toString()).toContain('d=example.test;');
    expect(await shared.signer.sign(pieces(notification))).toHaveLength(0);
    expect(await shared.signer.sign(pieces(mail(foreign)), 'example.test')).toHaveLength(0);
  });

  it('one with each key, and both hold', async () => expect(await verified(mail(HEADER))).toEqual(both));

  it('hold for an empty body, a large one, one without line end, folded fields and UTF-8', async () => {
    expect(await verified(mail(HEADER, ''))).toEqual(both);
    expect(await verified(mail(HEADER, 'a line \t of text\r\n'.repeat(20_000)))).toEqual(both);
    expect(await verified(mail(`${HEADER}\r\nReferences: <a@b>\r\n\t<c@d>\r\nX: 안녕`, '안녕 \r\n\r\n\r\n.'))).toEqual(
      both,
    );
  });

  it('the header may come in pieces', async () => {
    const message = mail(HEADER);
    expect(await shared.signer.sign(pieces(message, 7))).toEqual(await shared.signer.sign(pieces(message)));
  });

  it.each([
    ['another domain', 'From: a@remote.test'],
    ['several domains', 'From: a@example.test, b@remote.test'],
    ['two From fields', 'From: a@example.test\r\nFrom: b@example.test'],
    ['no From', 'To: a@example.test'],
    ['an address that is none', 'From: example.test'],
    ['a domain literal', 'From: a@[127.0.0.1]'],
  ])('are not made for %s', async (_what, header) =>
    expect(await shared.signer.sign(pieces(mail(header)))).toHaveLength(0),
  );

  it('are not made for what costs too much to hash', async () => {
    const unsigned = [
      mail(HEADER, 'x'.repeat(300_000)),
      mail(`${HEADER}\r\nX: a${'\r\n b'.repeat(1_000)}`),
      mail(`${HEADER}\r\nX: ${'a'.repeat(100_000)}`),
      mail(`${HEADER}${'\r\nX: a'.repeat(3_000)}`),
    ];
    for (const message of unsigned) expect(await shared.signer.sign(pieces(message, 65_536))).toHaveLength(0);
    expect(shared.lines.filter((line) => line.includes('without DKIM signature'))).toHaveLength(4);
  });

  it('nothing secret is in the log, nor in what is shown of a key', async () => {
    const [key] = await shared.keys.signing('example.test');
    const secret = key!.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
    const shown = JSON.stringify([await shared.keys.of('example.test'), await shared.keys.signing('example.test')]);
    expect(`${shown}${shared.lines.join('')}`).not.toContain(secret.slice(40, 200));
  });
});

describe('the keys of a domain', () => {
  it('are made once, whoever asks first, and stay after a restart', async () => {
    const { keys } = await lab();
    const [a, b] = await Promise.all([keys.of('example.test'), keys.of('EXAMPLE.test.')]);
    expect(a).toEqual(b);
    expect(a.map(({ algorithm, state }) => `${algorithm} ${state}`)).toEqual(['rsa active', 'ed25519 active']);
    await expect(keys.of('other.test')).rejects.toMatchObject({ code: 'domain-missing' });
    expect(await keys.signing('other.test')).toEqual([]);
  });

  it('change in two steps: the next pair is published before it signs, the last one stays published for two weeks', async () => {
    const { keys, clock } = await lab();
    const first = await keys.of('example.test');
    await expect(keys.activate('example.test')).rejects.toMatchObject({ code: 'conflict' });
    const prepared = await keys.prepare('example.test');
    expect(prepared.map(({ state }) => state)).toEqual(['active', 'active', 'next', 'next']);
    expect(new Set(prepared.map(({ selector }) => selector)).size).toBe(4);
    expect(await keys.prepare('example.test')).toEqual(prepared);
    expect((await keys.signing('example.test')).map(({ selector }) => selector)).toEqual(
      first.map(({ selector }) => selector),
    );
    const after = await keys.activate('example.test');
    expect(after.map(({ state }) => state)).toEqual(['active', 'active', 'retired', 'retired']);
    expect(after[0]?.publicKey).toBe(prepared[2]?.publicKey);
    expect((await keys.signing('example.test')).map(({ selector }) => selector)).toEqual(
      prepared.slice(2).map(({ selector }) => selector),
    );
    await clock.advance(15 * 86_400_000);
    expect((await keys.of('example.test')).map(({ state }) => state)).toEqual(['active', 'active']);
  });
});
