/** What we sign holds for a program that nobody here wrote (dkimpy), and what it signs and seals holds for us. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/adapters/clock-manual.ts';
import { MemoryKv } from '../../src/adapters/kv-memory.ts';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { StaticResolver } from '../../src/adapters/resolver-static.ts';
import { dkimRecord } from '../../src/cli/dns-records.ts';
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
    selector, key = task["selector"].encode(), task["key"].encode()
    if task["what"] == "seal":
        return b"".join(dkim.arc_sign(message, selector, b"author.test", key, b"list.test")).decode()
    return dkim.sign(message, selector, b"author.test", key, signature_algorithm=selector,
        canonicalize=tuple(c.encode() for c in task["canonicalization"])).decode()
print(json.dumps([answer(task) for task in json.loads(sys.stdin.read())]))
`;

interface Task {
  readonly what: 'verify' | 'sign' | 'seal';
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

describe('what we sign', () => {
  let signer: DkimSigner;
  let records: Record<string, string>;
  beforeAll(async () => {
    const [clock, random, kv] = [new ManualClock(), new SeededRandom(1), new MemoryKv()];
    await new Domains(kv, new Transactions(kv, clock, random), clock).add('author.test');
    const keys = new DkimKeys(kv, clock, random);
    signer = new DkimSigner({ keys, clock, log: silentLog });
    records = Object.fromEntries(
      (await keys.of('author.test')).map((key) => {
        const { name, value } = dkimRecord('author.test', key);
        return [name.replace(/\.$/, ''), value];
      }),
    );
  });

  it('holds for dkimpy, and not when it is changed', async () => {
    const tasks: Task[] = [];
    for (const message of Object.values(MESSAGES)) {
      const signature = await signer.sign(Readable.from([message]));
      const signed = Buffer.concat([signature, message]);
      const changed = Buffer.concat([signed, Buffer.from('more\r\n')]);
      for (const one of [signed, changed]) tasks.push({ what: 'verify', records, message: one.toString('base64') });
    }
    const answers = Object.keys(MESSAGES).flatMap(() => [
      [true, true],
      [false, false],
    ]);
    expect(await dkimpy(tasks)).toEqual(answers);
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
