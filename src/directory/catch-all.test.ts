import { expect, test } from 'vitest';
import { directoryParts } from '../../test/support/directory.ts';
import { CatchAll } from './catch-all.ts';
import { KvDirectory } from './directory.ts';

async function world() {
  const parts = directoryParts();
  const directory = new KvDirectory(parts, { hashCost: { memoryCost: 8, timeCost: 1 } });
  await directory.addDomain('example.test');
  const alice = await directory.addAccount('alice@example.test', {});
  const bob = await directory.addAccount('bob@example.test', {});
  return { directory, alice, bob, catchAll: new CatchAll({ ...parts, directory }) };
}

test('gets what nobody has, and nothing else; it sends as none of these', async () => {
  const { directory, catchAll, alice, bob } = await world();
  const whose = async (address: string) => {
    const route = await directory.route(address);
    return route.kind === 'account' ? [route.account, route.address] : route.kind;
  };
  expect(await whose('nobody@example.test')).toBe('unknown');
  expect(await catchAll.of('example.test')).toBeUndefined();
  expect((await catchAll.set('Example.TEST', 'alice@example.test'))?.id).toBe(alice.id);
  expect(await whose('nobody@example.test')).toEqual([alice.id, 'nobody@example.test']);
  expect(await whose('bob@example.test')).toEqual([bob.id, 'bob@example.test']);
  expect(await whose('bob+list@example.test')).toEqual([bob.id, 'bob@example.test']);
  expect(await whose('nobody+list@example.test')).toEqual([alice.id, 'nobody+list@example.test']);
  expect(await whose('x@other.test')).toBe('remote');
  expect(await directory.maySendAs(alice.id, 'nobody@example.test')).toBe(false);
  expect(await directory.maySendAs(alice.id, 'alice@example.test')).toBe(true);

  // Who is suspended is somebody.
  await directory.updateAccount(bob.id, { suspended: true });
  expect(await whose('bob@example.test')).toBe('suspended');
  await directory.addAccount('nobody@example.test', {});
  expect(await whose('nobody@example.test')).not.toContain(alice.id);
  await directory.updateAccount(alice.id, { suspended: true });
  expect(await whose('no.one@example.test')).toBe('unknown');
  await directory.updateAccount(alice.id, { suspended: false });
  expect(await whose('no.one@example.test')).toEqual([alice.id, 'no.one@example.test']);
  await catchAll.set('example.test', undefined);
  expect(await whose('no.one@example.test')).toBe('unknown');
});

test('is an account that is there, of a domain that is there', async () => {
  const { directory, catchAll, alice } = await world();
  await expect(catchAll.set('other.test', 'alice@example.test')).rejects.toMatchObject({ code: 'domain-missing' });
  await expect(catchAll.set('example.test', 'x@example.test')).rejects.toMatchObject({ code: 'account-missing' });
  await expect(catchAll.of('other.test')).rejects.toMatchObject({ code: 'domain-missing' });
  await catchAll.set('example.test', 'alice@example.test');
  await directory.removeAccount(alice.id);
  expect(await catchAll.of('example.test')).toBeUndefined();
  expect((await directory.route('no.one@example.test')).kind).toBe('unknown');
});
