/** Blobs in a real S3: what every blob store keeps, what only one behind a network has to bear, and the service on it. */
import { CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BlobS3, openBlobS3, type S3Options } from '../../src/adapters/blob-s3.ts';
import { SystemClock } from '../../src/adapters/clock-system.ts';
import { SystemRandom } from '../../src/adapters/random-system.ts';
import { blobContract, keyOf, readAll, sample } from '../../src/ports/blob.contract.ts';
import { Damaged, StoreFailed } from '../../src/ports/kv.ts';
import { FAULTS, startFaultyProxy } from '../support/faulty-proxy.ts';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { addAccounts, pabal, Service } from '../service.ts';
import { postgresPrograms, startPostgres } from '../support/postgres.ts';
import { redisMissing, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { type S3Server, s3Client, s3Missing, startS3 } from '../support/s3.ts';

const USER = 'kim@example.test';
const othersMissing =
  redisMissing ?? (postgresPrograms() ? undefined : 'PostgreSQL is not installed (test/install.sh)');
if (othersMissing) console.warn(`the service on its engines is not tested: ${othersMissing}`);
if (s3Missing) console.warn(`blobs in S3 are not tested: ${s3Missing}`);

describe.skipIf(s3Missing !== undefined)('blobs in S3', () => {
  let server: S3Server;
  let client: ReturnType<typeof s3Client>;
  let stores = 0;
  beforeAll(async () => {
    server = await startS3();
    client = s3Client(server);
    await client.s3.send(new CreateBucketCommand({ Bucket: 'mail' }));
  });
  afterAll(async () => {
    client[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });

  const open = (options: Partial<S3Options> = {}): Promise<BlobS3> => {
    const { url: endpoint, region, accessKey, secretKey } = server;
    const limits = { patienceMs: 180_000, retryMs: 5, longestRetryMs: 50, ...options.limits };
    const all = { endpoint, region, accessKey, secretKey, bucket: 'mail', prefix: `t${stores++}/`, ...options, limits };
    return openBlobS3(all, { clock: new SystemClock(), random: new SystemRandom() });
  };

  blobContract(() => open());

  it('takes large blobs in parts, and gives any range of them', async () => {
    await using store = await open({ part: 1 << 20 });
    const content = sample((2 << 20) + 123_456);
    await store.put(keyOf(content), content);
    expect((await readAll(await store.get(keyOf(content))))?.equals(content)).toBe(true);
    for (const [start, end] of [
      [0, 1],
      [(1 << 20) - 5, (1 << 20) + 5],
      [70_000, (2 << 20) + 1],
      [content.length - 200_000, content.length],
    ] as const)
      expect((await readAll(await store.get(keyOf(content), start, end)))?.equals(content.subarray(start, end))).toBe(
        true,
      );
    // One byte is wrong, and nobody knows before the last part is there.
    const other = Buffer.from(content);
    other[other.length - 1] = 0;
    const key = keyOf(content, 1);
    await expect(store.put(key, other)).rejects.toThrow(Damaged);
    expect(await store.info(key)).toBeUndefined();
  });

  it('lists page by page', async () => {
    await using store = await open({ prefix: 'pages/', page: 3 });
    const keys = Array.from({ length: 7 }, (_, i) => keyOf(sample(i + 1)));
    for (const [i, key] of keys.entries()) await store.put(key, sample(i + 1));
    const listed = await Array.fromAsync(store.list());
    expect(listed.map(({ key }) => key)).toEqual(keys.toSorted());
    expect(listed.map(({ size }) => size).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('serves nothing that was damaged, and is mended by putting it again', async () => {
    await using store = await open({ prefix: 'rot/' });
    const content = sample(400_000);
    const key = keyOf(content);
    await store.put(key, content);
    const object = { Bucket: 'mail', Key: `rot/blobs/${key}` };
    const intact = Buffer.from(
      (await (await client.s3.send(new GetObjectCommand(object))).Body?.transformToByteArray()) ?? [],
    );
    const change = (bytes: Buffer) => client.s3.send(new PutObjectCommand({ ...object, Body: bytes }));
    const flipped = Buffer.from(intact);
    flipped[70_000] = (flipped[70_000] as number) ^ 1;
    await change(flipped);
    expect(await readAll(await store.get(key, 0, 65_536))).toEqual(content.subarray(0, 65_536));
    await expect(store.get(key, 65_536, 65_537).then(readAll)).rejects.toThrow(Damaged);
    await expect(store.get(key).then(readAll)).rejects.toThrow(Damaged);
    await store.put(key, content);
    expect(await readAll(await store.get(key))).toEqual(content);
    for (const length of [0, 15, 100_000, intact.length - 1]) {
      await change(intact.subarray(0, length));
      await expect(store.get(key)).rejects.toThrow(Damaged);
    }
    await store.put(key, content);
    expect(await readAll(await store.get(key))).toEqual(content);
    await client.s3.send(new DeleteObjectCommand(object));
    expect(await store.get(key)).toBeUndefined();
  });

  it('does what it is asked, whichever request meets whichever fault', async () => {
    await using proxy = await startFaultyProxy(Number(new URL(server.url).port));
    const content = sample(300_000);
    const key = keyOf(content);
    const scenario = async (): Promise<void> => {
      await using store = await open({ endpoint: proxy.url, prefix: 'faults/', limits: { requestMs: 5000 } });
      await store.put(key, content);
      expect((await readAll(await store.get(key)))?.equals(content)).toBe(true);
      expect((await Array.fromAsync(store.list())).map((info) => info.key)).toEqual([key]);
      await store.drop(key);
      expect(await store.info(key)).toBeUndefined();
    };
    await scenario();
    const requests = proxy.requests;
    expect(requests).toBeGreaterThan(FAULTS.length);
    for (let at = 0; at < requests; at++) {
      const first = proxy.requests;
      // Each fault, and each request; one that is answered by silence costs a deadline.
      proxy.fault = (request) => (request === first + at ? FAULTS[at % FAULTS.length] : undefined);
      await scenario();
    }
  });

  it('does the same for what somebody else has put already: nobody learns from how long it takes', async () => {
    await using proxy = await startFaultyProxy(Number(new URL(server.url).port));
    await using store = await open({ endpoint: proxy.url });
    const requestsOf = async (): Promise<number> => {
      const before = proxy.requests;
      await store.put(keyOf(sample(100_000)), sample(100_000));
      return proxy.requests - before;
    };
    const first = await requestsOf();
    expect(await requestsOf()).toBe(first);
  });

  it('says so when nobody answers in time, and has stored nothing', async () => {
    await using proxy = await startFaultyProxy(Number(new URL(server.url).port));
    await using store = await open({ endpoint: proxy.url, prefix: 'away/', limits: { patienceMs: 1 } });
    proxy.fault = () => 'unavailable';
    const content = sample(100_000);
    await expect(store.put(keyOf(content), content)).rejects.toThrow(StoreFailed);
    expect(store.away).toBeDefined();
    proxy.fault = () => undefined;
    await until('an answer', () =>
      store.check().then(
        () => store.away === undefined,
        () => false,
      ),
    );
    await using patient = await open({ prefix: 'away/' });
    expect(await patient.info(keyOf(content))).toBeUndefined();
  });

  it('says what is wrong with bucket and key', async () => {
    await expect(open({ bucket: 'nowhere' })).rejects.toThrow('there is no bucket nowhere');
    await expect(open({ secretKey: 'wrong' })).rejects.toThrow(/^S3 could not find the bucket: 403 /);
  });

  it.skipIf(othersMissing !== undefined)(
    'and the service on it, on PostgreSQL and Redis: an attachment comes back, whoever dies',
    async () => {
      await using stack = new AsyncDisposableStack();
      const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
      for (const engine of [redis, postgres]) stack.use(engine);
      const data = await mkdtemp(join(tmpdir(), 'pabal-engines-'));
      stack.defer(() => rm(data, { recursive: true, force: true }));
      await writeFile(join(data, 'secret-key'), `${server.secretKey}\n`);
      const env = {
        PABAL_STORE_POSTGRES: postgres.url,
        PABAL_STORE_REDIS: redis.url,
        PABAL_STORE_S3_ENDPOINT: server.url,
        PABAL_STORE_S3_BUCKET: 'mail',
        PABAL_STORE_S3_REGION: server.region,
        PABAL_STORE_S3_ACCESS_KEY: server.accessKey,
        PABAL_STORE_S3_SECRET_FILE: join(data, 'secret-key'),
        PABAL_STORE_S3_PREFIX: 'pabal',
      };
      const start = (): Promise<Service> => Service.start({ data: join(data, 'data'), sandbox: false, env });
      const attachment = sample(1 << 20)
        .toString('base64')
        .replaceAll(/.{76}/g, '$&\r\n');
      const send = async (service: Service, subject: string): Promise<void> => {
        await using smtp = await SmtpClient.connect(service.at('smtp'));
        const mail =
          `Subject: ${subject}\r\nMessage-ID: <${subject}@elsewhere.test>\r\nMIME-Version: 1.0\r\n` +
          'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n' +
          '--b\r\nContent-Type: image/png; name=a.png\r\nContent-Disposition: attachment; filename=a.png\r\n' +
          `Content-Transfer-Encoding: base64\r\n\r\n${attachment}\r\n--b--\r\n`;
        expect((await smtp.send('x@elsewhere.test', [USER], Buffer.from(mail)))[0]?.code).toBe(250);
        await smtp.quit();
      };
      /** Subjects of the mails whose attachment comes back as it was. */
      const subjects = async (service: Service): Promise<string[]> => {
        await using imap = await ImapClient.connect(service.at('imap'));
        await imap.login(USER, 'secret-word');
        const found: string[] = [];
        for await (const { raw } of imap.messages('INBOX'))
          if (raw.includes(attachment)) found.push(/^Subject: (.*)\r$/m.exec(raw.toString('latin1'))?.[1] ?? '');
        return found.sort();
      };
      let service = stack.use(await start());
      await addAccounts(join(data, 'data'), [USER], 'secret-word');
      await send(service, 'a');
      await until('a', async () => (await subjects(service)).length === 1);
      expect((await client.keys('mail')).filter((key) => key.startsWith('pabal/blobs/'))).toHaveLength(1);
      await redis.kill();
      await send(service, 'b');
      await redis.start();
      await service.kill();
      service = stack.use(await start());
      await send(service, 'c');
      await until('all three', async () => (await subjects(service)).length === 3);
      expect(await subjects(service)).toEqual(['a', 'b', 'c']);
      expect(await service.stop()).toBe(0);
      const set = Object.entries(env).flatMap(([name, value]) => {
        const key = name.slice('PABAL_'.length).toLowerCase();
        return ['--set', `${key.replace(/^store_/, 'store.').replace('.s3_', '.s3.')}=${value}`];
      });
      const verify = (more: readonly string[] = set) => pabal(['verify', '--data', join(data, 'data'), ...more]);
      expect(await verify()).toMatchObject({ code: 0, stderr: '' });
      // A store belongs to its bucket, and says so.
      expect((await verify(set.slice(0, 2))).stderr).toContain('say where with store.s3');
      expect((await verify([...set, '--set', 'store.s3.prefix=other'])).stderr).toContain('is not the one that holds');
    },
  );
});
