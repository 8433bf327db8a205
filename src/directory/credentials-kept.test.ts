/** What is kept of what opens an account, in the store and in memory. */
import { expect, test } from 'vitest';
import { codeOf } from '../../test/support/authenticator.ts';
import { directoryParts } from '../../test/support/directory.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { PartitionKind } from '../ports/kv.ts';
import { KvDirectory } from './directory.ts';
import { HASH_COST } from './passwords.ts';

const HERE = { protocol: 'imap', remote: '127.0.0.1' } as const;

async function dump(kv: ReturnType<typeof directoryParts>['kv']): Promise<string> {
  const texts: string[] = [];
  for (const kind of ['i', 'a', 'd', 'u', 'c'] as PartitionKind[])
    for await (const p of kv.partitions(kind)) {
      texts.push(Buffer.from((await kv.head(p)).value ?? []).toString('latin1'));
      for await (const page of kv.scan(p, {}))
        for (const [key, value] of page) texts.push(Buffer.concat([key, value]).toString('latin1'));
    }
  return texts.join('\n');
}

test('a dump of the store opens nothing: slow hashes with salts of their own, and hashes of what was drawn (F11)', async () => {
  const parts = directoryParts();
  const directory = new KvDirectory(parts);
  await directory.addDomain('example.test');
  const password = 'the very same password';
  const one = await directory.addAccount('one@example.test', { password });
  await directory.addAccount('two@example.test', { password });
  const who = await directory.authenticate('one@example.test', password, HERE);
  const app = await directory.appPasswords.create(one.id, { name: 'Phone', scopes: ['imap'] });
  const tokens = await directory.oauth.grants.give(one.id, { client: 'mail-program', scopes: ['imap'] });
  const session = await directory.createSession(who, { ttlMs: 1e9, purpose: 'api' });
  const secret = await directory.secondStep.prepare(one.id);
  const codes = await directory.secondStep.enable(one.id, codeOf(secret, parts.clock.now()));
  const text = await dump(parts.kv);
  const bare = app.password.replaceAll('-', '');
  for (const secretText of [password, app.password, bare, tokens.access, tokens.refresh, session, ...codes])
    for (const form of [
      secretText,
      Buffer.from(secretText).toString('base64'),
      Buffer.from(secretText).toString('hex'),
    ])
      expect(text).not.toContain(form);
  const hashes = text.match(/\$argon2id\$v=19\$m=\d+,t=\d+,p=1\$[^"]+/g) ?? [];
  expect(hashes).toHaveLength(2);
  expect(new Set(hashes).size).toBe(2);
  const { memoryCost, timeCost } = HASH_COST;
  for (const phc of hashes) expect(phc).toContain(`$m=${memoryCost},t=${timeCost},p=1$`);
  // OWASP: at least 19 MiB and two passes.
  expect(memoryCost * timeCost).toBeGreaterThanOrEqual(19 * 1024 * 2);
});

test('whoever signs in is himself, among many who sign in by turns with their own and others’ passwords (F9)', async () => {
  const parts = directoryParts();
  const directory = new KvDirectory(parts, { hashCost: { memoryCost: 8, timeCost: 1 } });
  await directory.addDomain('example.test');
  const people: { readonly address: string; readonly id: AccountId; password: string }[] = [];
  for (let i = 0; i < 30; i++) {
    const [address, password] = [`p${i}@example.test`, `password of ${i % 15}`];
    const { id } = await directory.addAccount(address, { password });
    people.push({ address, id, password });
  }
  const random = new SeededRandom(9);
  const any = () => people[Math.floor(random.fraction() * people.length)]!;
  const signIn = async (): Promise<void> => {
    const [who, whose] = [any(), random.fraction() < 0.8 ? undefined : any()];
    const password = (whose ?? who).password;
    const opened = await directory
      .authenticate(who.address, password, HERE)
      .catch(({ code }: { code?: string }) => code);
    if (password !== who.password) expect(opened).toBe('auth-failed');
    else expect(opened).toMatchObject({ account: who.id, address: who.address });
  };
  for (let turn = 0; turn < 50; turn++) await Promise.all(Array.from({ length: 20 }, signIn));
});
