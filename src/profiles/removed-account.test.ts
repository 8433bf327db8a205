/** What is left of an account that was removed, in every row and blob of the store (L5). */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../config/load.ts';
import type { AccountId, MailAccount } from '../mailstore/api.ts';
import { Cursors } from '../mailstore/cursors.ts';
import type { KeyValueStore, PartitionKind } from '../ports/kv.ts';
import { silentLog } from '../telemetry/log.ts';
import { type Opened, openSingle } from './single.ts';

const KINDS: readonly PartitionKind[] = ['u', 'a', 'i', 'd', 's', 'q', 'b', 'm', 'c', 'h'];
/** In everything that the account has. */
const WORD = 'periwinkle';
const ADDRESS = `${WORD}@example.test`;
const WHO = { kind: 'system', role: 'admin' } as const;

interface Row {
  readonly partition: string;
  /** Key and value, and the bucket where there is one. */
  readonly text: string;
}

async function* everyRow(kv: KeyValueStore): AsyncIterable<Row> {
  const textOf = (...parts: readonly (Uint8Array | string | undefined)[]): string =>
    parts.map((part) => (typeof part === 'object' ? Buffer.from(part).toString('latin1') : part)).join(' ');
  for (const kind of KINDS)
    for await (const partition of kv.partitions(kind)) {
      yield { partition, text: textOf('header', (await kv.head(partition)).value) };
      for await (const page of kv.scan(partition, {}))
        for (const [key, value] of page) yield { partition, text: textOf(key, value) };
      for await (const page of kv.scanImmutable(partition, undefined, {}))
        for (const { bucket, key, value } of page) yield { partition, text: textOf(bucket, key, value) };
    }
}

async function remains({ kv, folder }: Opened, account: AccountId): Promise<Row[]> {
  const names = [WORD, account];
  const of = ({ partition, text }: Row): boolean =>
    names.some((name) => partition.includes(name) || text.includes(name));
  const found: Row[] = [];
  for await (const row of everyRow(kv)) if (of(row)) found.push(row);
  for (const name of await readdir(folder.file('blobs'), { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const text = await readFile(join(name.parentPath, name.name), 'latin1');
    if (text.includes(WORD)) found.push({ partition: 'blobs', text: name.name });
  }
  return found;
}

/** Mail, and what the rest of the service keeps of who has it. */
async function live(opened: Opened, id: AccountId, account: MailAccount): Promise<void> {
  const { kv, random, queue, senders, deadLetters, mailstore } = opened;
  const body = `${WORD} `.repeat(20_000);
  const raw = Buffer.from(
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nSubject: hello\r\n\r\n' +
      `--b\r\n\r\n${WORD}\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n${body}\r\n--b--\r\n`,
  );
  await account.addMessage(raw, { folder: account.folderWithRole('inbox')!.id });
  await account.putRecord('settings', 'absence', { text: WORD });
  await mailstore.rebuildSearch(id);
  await new Cursors(kv, random).write(id, 'some-module', 3);
  await senders.reputation.note({ what: 'bounced', account: id });
  await senders.fastBlock.suspend(id, 'a test');
  await deadLetters.add({
    module: 'some-module',
    account: id,
    changes: { version: 3, operation: 'x', changes: [] },
    reason: `a mail of ${ADDRESS}`,
    at: 0,
  });
  const [staged] = await mailstore.stage([{ account: id }], Buffer.from(`Subject: ${WORD}\r\n\r\nwaits\r\n`));
  const recipient = { address: ADDRESS, deliveryId: 'x', staged };
  for (const name of ['intake', 'error'] as const)
    await queue.add(name, [{ payload: { sender: '', received: 0, recipients: [recipient], id: 'x' }, tags: [id] }]);
}

test('of a removed account nothing is left but that it was there', async () => {
  const data = await mkdtemp(join(tmpdir(), 'pabal-removed-'));
  try {
    const { config } = await loadConfig({ set: [`data=${data}`] });
    await using opened = await openSingle(config, 'mail', silentLog);
    const { directory, mailstore, queue } = opened;
    await directory.addDomain('example.test');
    const { id } = await directory.addAccount(ADDRESS, { password: 'long enough a secret' });
    {
      using account = await mailstore.open(WHO, id);
      await live(opened, id, account);
      const other = { address: 'other@example.test', deliveryId: 'y', staged: { account: 'other' as AccountId } };
      const [mine] = await queue.list('error', { tag: id });
      const { recipients } = mine!.payload as { recipients: object[] };
      const payload = { sender: '', received: 0, recipients: [...recipients, other], id: 'both' };
      await queue.add('error', [{ payload, tags: [id, 'other'] }]);
    }
    const kinds = async (): Promise<string> =>
      [...new Set((await remains(opened, id)).map(({ partition }) => partition.split('/')[0]))].join(' ');
    expect(await kinds()).toBe('u a i d s q b m c blobs');

    await directory.removeAccount(id);
    // As a module does that was about to when the account went, or a crash that came before the rest was forgotten.
    await new Cursors(opened.kv, opened.random).write(id, 'some-module', 4);
    await opened.senders.fastBlock.suspend(id, 'late');
    await opened.sweep();
    const left = await remains(opened, id);
    expect(
      left.map(({ partition, text }) => `${partition.replace(/(?<=^[sq]\/)\d+$/, '')} ${text.split(' ')[0]}`),
    ).toEqual([
      // That its id, its address and its versions were given out, so that they are not given out again.
      `u/${id} header`,
      `a/${ADDRESS} header`,
      `i/${id} header`,
      // Its id, for thirty days.
      's/ dirty',
      // Its id, as long as the mail is there for others.
      'q/ ',
      `m/${id} header`,
      // Until ten minutes after this sweep.
      expect.stringMatching(/^blobs /),
    ]);
    expect(left.filter(({ partition, text }) => partition !== 'blobs' && text.includes(WORD))).toEqual([]);
    expect((await queue.list('error')).map(({ payload }) => payload)).toMatchObject([
      { recipients: [{ address: 'other@example.test' }] },
    ]);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
});
