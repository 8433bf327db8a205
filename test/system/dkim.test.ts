/** What we sign holds for a program that nobody here wrote (dkimpy), and what it signs and seals holds for us. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/adapters/clock-manual.ts';
import { MemoryKv } from '../../src/adapters/kv-memory.ts';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { StaticResolver } from '../../src/adapters/resolver-static.ts';
import { dkimRecord } from '../../src/directory/dns-records.ts';
import { ArcSealer } from '../../src/delivery/arc.ts';
import { DkimSigner } from '../../src/delivery/dkim.ts';
import { DkimKeys } from '../../src/directory/dkim-keys.ts';
import { Domains } from '../../src/directory/domains.ts';
import { Transactions } from '../../src/directory/transact.ts';
import { lookup } from '../../src/intake/authentication/dns.ts';
import { checkSignatures, type Signatures } from '../../src/intake/authentication/signatures.ts';
import { HeaderBlock } from '../../src/mail/header.ts';
import { silentLog } from '../../src/telemetry/log.ts';

/** A list of tasks in, a list of answers out; the DNS is what a task says. */
const PROGRAM = `
import base64, json, sys
import dkim
def verified(message, records):
    def dns(name, timeout=5):
        text = records.get(name.decode().rstrip("."))
        return None if text is None else text.encode()
    def one(i):
        try:
            return bool(dkim.DKIM(message).verify(idx=i, dnsfunc=dns))
        except dkim.DKIMException:
            return False
    return [one(i) for i in range(message.split(b"\\r\\n\\r\\n")[0].count(b"DKIM-Signature:"))]
def answer(task):
    message = base64.b64decode(task["message"])
    if task["what"] == "verify":
        return verified(message, task["records"])
    if task["what"] == "chain":
        cv, results, reason = dkim.ARC(message).verify(dnsfunc=lambda name, timeout=5:
            task["records"].get(name.decode().rstrip("."), "").encode() or None)
        return [cv.decode(), len(results)]
    selector, key = task["selector"].encode(), task["key"].encode()
    if task["what"] == "seal":
        return b"".join(dkim.arc_sign(message, selector, b"author.test", key, b"list.test")).decode()
    return dkim.sign(message, selector, b"author.test", key, signature_algorithm=selector,
        canonicalize=tuple(c.encode() for c in task["canonicalization"])).decode()
print(json.dumps([answer(task) for task in json.loads(sys.stdin.read())]))
`;

interface Task {
  readonly what: 'verify' | 'chain' | 'sign' | 'seal';
  readonly message: string;
  readonly records?: Readonly<Record<string, string>>;
  readonly selector?: string;
  readonly key?: string | Buffer;
  readonly canonicalization?: readonly string[];
}

function dkimpy<T>(tasks: readonly Task[]): Promise<T[]> {
  return new Promise((resolve, reject) => {
    // Debian's own Python, to which the package belongs.
    const child = execFile('/usr/bin/python3', ['-c', PROGRAM], { maxBuffer: 64 << 20 }, (error, stdout) => {
      if (error) reject(error);
      else resolve(JSON.parse(stdout) as T[]);
    });
    child.stdin?.on('error', () => undefined).end(JSON.stringify(tasks));
  });
}

const MESSAGES: Readonly<Record<string, Buffer>> = {
  'an ordinary mail': mail('hello\r\n'),
  'an empty body': mail(''),
  'odd white space': mail(' a \t b  \r\n\r\n\t\r\nc\r\n\r\n\r\n'),
  'Korean and folded fields': mail(
    '안녕하세요\r\n',
    'X: y\r\nReferences: <a@b>\r\n\t<c@d>\r\nCc: 김 <kim@author.test>\r\n',
  ),
  'a large body': mail('a line of some length, again and again\r\n'.repeat(20_000)),
};

function mail(body: string, more = ''): Buffer {
  const header =
    'From: Kim <kim@author.test>\r\nTo: lee@remote.test\r\nSubject:  hi\r\n there\r\nMessage-ID: <1@a>\r\n';
  return Buffer.from(`${header}${more}\r\n${body}`);
}

async function check(raw: Buffer, records: Readonly<Record<string, string>>): Promise<Signatures> {
  const zones = Object.fromEntries(Object.entries(records).map(([name, txt]) => [name, { txt: [txt] }]));
  const header = HeaderBlock.parse(raw.subarray(0, raw.indexOf('\r\n\r\n') + 2));
  const dns = lookup(new StaticResolver(zones), new AbortController().signal);
  const running = checkSignatures(header, dns, Date.now());
  for (let at = 0; at < raw.length; at += 50_000) await running.push(raw.subarray(at, at + 50_000));
  return running.end();
}

interface World {
  readonly signer: DkimSigner;
  readonly sealer: ArcSealer;
  /** Of author.test, as they are published. */
  readonly records: Record<string, string>;
}

let world: World;
beforeAll(async () => {
  const [clock, random, kv] = [new ManualClock(), new SeededRandom(1), new MemoryKv()];
  await new Domains(kv, new Transactions(kv, clock, random), clock).add('author.test');
  const keys = new DkimKeys(kv, clock, random);
  const published = (await keys.of('author.test')).map((key) => {
    const { name, value } = dkimRecord('author.test', key);
    return [name.replace(/\.$/, ''), value];
  });
  const parts = { keys, clock, log: silentLog };
  world = {
    signer: new DkimSigner(parts),
    sealer: new ArcSealer({ ...parts, hostname: 'mx.author.test' }),
    records: Object.fromEntries(published) as Record<string, string>,
  };
});

describe('what we sign', () => {
  it('holds for dkimpy, and not when it is changed', async () => {
    const tasks: Task[] = [];
    for (const message of Object.values(MESSAGES)) {
      const signature = await world.signer.sign(Readable.from([message]));
      const signed = Buffer.concat([signature, message]);
      const changed = Buffer.concat([signed, Buffer.from('more\r\n')]);
      for (const one of [signed, changed])
        tasks.push({ what: 'verify', records: world.records, message: one.toString('base64') });
    }
    const answers = Object.keys(MESSAGES).flatMap(() => [
      [true, true],
      [false, false],
    ]);
    expect(await dkimpy(tasks)).toEqual(answers);
  });
});

describe('what we seal', () => {
  /** As our intake writes it; `arc` says what it found of the chain before. */
  const results = (arc: string): string =>
    `Authentication-Results: mx.author.test;\r\n\tspf=pass smtp.mailfrom=author.test;\r\n\tarc=${arc} (i=1);\r\n\tdmarc=pass header.from=author.test\r\n`;
  const sealed = async (message: Buffer, arc: string): Promise<Buffer> => {
    const marked = Buffer.concat([Buffer.from(results(arc)), message]);
    return Buffer.concat([await world.sealer.seal(Readable.from([marked]), 'author.test'), marked]);
  };

  it('holds for dkimpy and for us, alone and behind others; a broken chain is not sealed again', async () => {
    const one = await Promise.all(Object.values(MESSAGES).map((message) => sealed(message, 'none')));
    const two = await Promise.all(one.map((message) => sealed(message, 'pass')));
    const changed = two.map((message) => Buffer.concat([message, Buffer.from('more\r\n')]));
    const tasks = [...one, ...two, ...changed].map((message): Task => {
      return { what: 'chain', records: world.records, message: message.toString('base64') };
    });
    const all = Object.keys(MESSAGES);
    expect(await dkimpy(tasks)).toEqual([
      ...all.map(() => ['pass', 1]),
      ...all.map(() => ['pass', 2]),
      ...all.map(() => ['fail', 2]),
    ]);
    for (const message of two)
      expect((await check(message, world.records)).arc).toMatchObject({
        result: 'pass',
        instance: 2,
        sealer: 'author.test',
        claims: 'pass',
      });
    const broken = await sealed(changed[0]!, 'fail');
    expect(broken.toString().match(/^ARC-Seal:/gm)).toHaveLength(2);
  });

  it('needs something that we found out, and a domain of ours', async () => {
    const message = mail('x\r\n');
    const forged = Buffer.concat([Buffer.from(results('none').replace('mx.author', 'mx.else')), message]);
    for (const [raw, domain] of [
      [message, 'author.test'],
      [forged, 'author.test'],
      [Buffer.concat([Buffer.from(results('none')), message]), 'else.test'],
    ] as const)
      expect(await world.sealer.seal(Readable.from([raw]), domain)).toHaveLength(0);
  });

  it('follows a seal of dkimpy', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const before = mail('x\r\n', 'Authentication-Results: list.test; dmarc=pass header.from=author.test\r\n');
    const [fields = ''] = await dkimpy<string>([
      {
        what: 'seal',
        message: before.toString('base64'),
        selector: 'theirs',
        key: privateKey.export({ type: 'pkcs1', format: 'pem' }),
      },
    ]);
    const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const records = { ...world.records, 'theirs._domainkey.author.test': `v=DKIM1; k=rsa; p=${key}` };
    const both = await sealed(Buffer.concat([Buffer.from(fields), before]), 'pass');
    expect((await check(both, records)).arc).toMatchObject({ result: 'pass', instance: 2 });
    const task: Task = { what: 'chain', records, message: both.toString('base64') };
    expect(await dkimpy([task])).toEqual([['pass', 2]]);
  });
});

describe('what dkimpy signs', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ed = generateKeyPairSync('ed25519');
  const der = (key: typeof rsa.publicKey) => key.export({ type: 'spki', format: 'der' });
  const keys = {
    'rsa-sha256': rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }),
    'ed25519-sha256': ed.privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32).toString('base64'),
  };
  const records = {
    'rsa-sha256._domainkey.author.test': `v=DKIM1; k=rsa; p=${der(rsa.publicKey).toString('base64')}`,
    'ed25519-sha256._domainkey.author.test': `v=DKIM1; k=ed25519; p=${der(ed.publicKey).subarray(12).toString('base64')}`,
  };

  it('holds for us, whatever the algorithm and the canonicalization', async () => {
    const kinds = [
      ['rsa-sha256', 'simple', 'simple'],
      ['rsa-sha256', 'relaxed', 'simple'],
      ['ed25519-sha256', 'simple', 'relaxed'],
      ['ed25519-sha256', 'relaxed', 'relaxed'],
    ] as const;
    const all = kinds.flatMap(([algorithm, ...canonicalization]) =>
      Object.values(MESSAGES).map((message) => ({ algorithm, canonicalization, message })),
    );
    const signatures = await dkimpy<string>(
      all.map(({ algorithm, canonicalization, message }) => ({
        what: 'sign',
        message: message.toString('base64'),
        key: keys[algorithm],
        selector: algorithm,
        canonicalization,
      })),
    );
    for (const [i, { algorithm, message }] of all.entries()) {
      const signed = Buffer.concat([Buffer.from(signatures[i] ?? ''), message]);
      expect((await check(signed, records)).dkim).toMatchObject([{ result: 'pass', domain: 'author.test', algorithm }]);
    }
  });

  it('an ARC chain that it seals holds for us, and what it says of DMARC is read', async () => {
    const message = mail('text\r\n', 'Authentication-Results: list.test; dmarc=pass header.from=author.test\r\n');
    const selector = 'rsa-sha256';
    const task = { what: 'seal', message: message.toString('base64'), key: keys[selector], selector } as const;
    const [fields = ''] = await dkimpy<string>([task]);
    const sealed = Buffer.concat([Buffer.from(fields), message]);
    expect((await check(sealed, records)).arc).toMatchObject({
      result: 'pass',
      instance: 1,
      sealer: 'author.test',
      claims: 'pass',
    });
    const changed = Buffer.concat([sealed, Buffer.from('more\r\n')]);
    expect((await check(changed, records)).arc.result).toBe('fail');
  });
});
