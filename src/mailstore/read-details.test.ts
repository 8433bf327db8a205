import { expect, test } from 'vitest';
import { ALICE, aliceLab, mail, SYSTEM } from '../../test/support/mail-store.ts';
import type { Part } from '../mail/message.ts';
import { parseMessage } from '../mail/parse.ts';
import type { FolderId, MsgId } from './api.ts';
import { accountPartition, bodyKey, bucketOf, detailsKey } from './keys.ts';

const INBOX = 1 as FolderId;

/** Of so many parts that the details take several rows. */
const crowded = mail('crowded', `${'--b\r\n\r\n'.repeat(3_000)}--b--\r\n`, [
  'Content-Type: multipart/mixed; boundary=b',
]);

/** As plain objects, so that any two can be compared. */
function plain({ children, params, dispositionParams, ...rest }: Part): unknown {
  return { ...rest, params: [...params], dispositionParams: [...dispositionParams], children: children.map(plain) };
}

async function lab(raws: readonly Buffer[]) {
  const { kv, another, alice } = await aliceLab();
  const ids: MsgId[] = [];
  for (const raw of raws) ids.push((await alice.addMessage(raw, { folder: INBOX })).id);
  const reads: number[] = [];
  const counted = new Proxy(kv, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name === 'getImmutable') reads.push((args[2] as unknown[]).length);
        return (value as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  return { kv, alice, ids, reads, reader: await another(2, { kv: counted }).open(SYSTEM, ALICE) };
}

test('the details of many, in the order asked for, without those that are gone', async () => {
  const { alice, ids } = await lab([mail('a'), mail('b'), crowded, mail('c')]);
  const [a, b, big, c] = ids as [MsgId, MsgId, MsgId, MsgId];
  await alice.deleteMessage([b]);
  const found = await Array.fromAsync(alice.detailsOf([c, 99 as MsgId, big, b, a, c]));
  expect(found.map((details) => details?.envelope.subject)).toEqual(['c', undefined, 'crowded', undefined, 'a', 'c']);
});

test('damaged ones are undefined, and keep nobody from the others; asked alone they say so', async () => {
  const { kv, ids, reader } = await lab([mail('a'), crowded, mail('b'), crowded, mail('c')]);
  const key = (i: number, row = 0) => {
    const { email } = reader.meta(ids[i]!)!;
    return [accountPartition(ALICE), bucketOf(email), detailsKey(email, row)] as const;
  };
  kv.damage(...key(0));
  kv.damage(...key(1, 1));
  const found = await Array.fromAsync(reader.detailsOf(ids));
  expect(found.map((details) => details?.envelope.subject)).toEqual([undefined, undefined, 'b', 'crowded', 'c']);
  for (const id of ids.slice(0, 2)) await expect(reader.details(id)).rejects.toMatchObject({ code: 'damaged' });
  await kv.dropImmutable(accountPartition(ALICE), key(2)[1], [key(2)[2]]);
  expect((await Array.fromAsync(reader.detailsOf([ids[2]!])))[0]).toBeUndefined();
  await expect(reader.details(ids[2]!)).rejects.toMatchObject({ code: 'damaged' });
});

test('more than are read at once', async () => {
  const { ids, reads, reader } = await lab(Array.from({ length: 130 }, (_, i) => mail(String(i))));
  const subjects = await Array.fromAsync(reader.detailsOf(ids), (details) => details?.envelope.subject);
  expect(subjects).toEqual(ids.map((_, i) => String(i)));
  expect(reads).toEqual([100, 30]);
});

test('details of several rows are read when it is their turn', async () => {
  const { ids, reads, reader } = await lab([mail('a'), crowded, mail('b'), crowded]);
  const details = reader.detailsOf(ids)[Symbol.asyncIterator]();
  await details.next();
  expect(reads).toEqual([4]);
  const { value } = await details.next();
  expect(reads.length).toBe(2);
  expect(plain(value!.structure)).toEqual(plain(parseMessage(crowded).structure));
  await details.next();
  expect(reads.length).toBe(2);
  await details.return?.();
  expect(reads.length).toBe(2);
});

test('with their bodies, as many at a time as may be held; one that is damaged says so when it is read', async () => {
  const large = mail('large', 'x'.repeat(200 << 10));
  const raws = [mail('a'), mail('b'), large, large, mail('c'), mail('d')];
  const { kv, ids, reads, reader } = await lab(raws);
  const { email } = reader.meta(ids[1]!)!;
  const bodies = async (): Promise<(string | undefined)[]> => {
    const found: (string | undefined)[] = [];
    let i = 0;
    for await (const details of reader.detailsOf([...ids, 99 as MsgId], { bodies: true })) {
      const body = details && (await reader.body(ids[i++]!, details));
      found.push(body && Buffer.from(await body.bytes()).toString());
    }
    return found;
  };
  expect(await bodies()).toEqual([...raws.map(String), undefined]);
  expect(reads).toEqual([3, 3, 3, 3]);
  kv.damage(accountPartition(ALICE), bucketOf(email), bodyKey(email, 0));
  const [a, damaged] = await Array.fromAsync(reader.detailsOf(ids, { bodies: true }));
  await expect((await reader.body(ids[1]!, damaged)).bytes()).rejects.toMatchObject({ code: 'damaged' });
  expect(Buffer.from(await (await reader.body(ids[0]!, a)).bytes()).equals(raws[0]!)).toBe(true);
});
