/** The store as a whole: is it sound, a copy of it, how it does. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { MailError } from '../../mail/error.ts';
import type { AccountId } from '../../mailstore/api.ts';
import { operation } from '../operation.ts';
import type { Service } from '../service.ts';

export interface Problem {
  /** Address, or id where there is none. */
  readonly account: string | null;
  readonly problem: string;
  /** It was put right. */
  readonly repaired?: true;
}

/** Every invariant of every account, and that directory and mail store agree; `repair` puts right what can be before that. */
export const verify = operation<
  { address?: string | undefined; repair?: boolean | undefined },
  { accounts: number; problems: number; repaired: number },
  Problem
>(
  'verify',
  z.strictObject({ address: z.string().optional(), repair: z.boolean().optional() }),
  async (service, args, io) => {
    const { directory, mailstore } = service;
    let problems = 0;
    let repaired = 0;
    const report = (account: string | null, problem: string): void => {
      problems++;
      io.item({ account, problem });
    };
    // What cannot be read is a problem, too, and no reason to look at nothing else.
    const attempt = async (what: string, act: () => Promise<void>): Promise<boolean> => {
      try {
        await act();
        return true;
      } catch (error) {
        report(null, `${what}: ${error instanceof Error ? error.message : String(error)}`);
        return false;
      }
    };
    const names = new Map<AccountId, string>();
    const allNames = await attempt('directory', async () => {
      for await (const { id, address } of directory.accounts()) names.set(id, address);
    });
    let only: AccountId | undefined;
    if (args.address !== undefined) {
      only = (await directory.account(args.address))?.id;
      if (only === undefined) throw new MailError('account-missing', 'user', `there is no account ${args.address}`);
    }
    if (args.repair === true)
      for await (const done of mailstore.repair(only)) {
        repaired++;
        io.item({ account: names.get(done.account) ?? done.account, problem: done.repaired, repaired: true });
        await io.taken();
      }
    for await (const { account, problem } of mailstore.verify(only)) {
      report(account === undefined ? null : (names.get(account) ?? account), problem);
      await io.taken();
    }
    if (only !== undefined) return { accounts: 1, problems, repaired };
    const mailboxes = new Set<AccountId>();
    const allMailboxes = await attempt('mailboxes', async () => {
      for await (const id of mailstore.accounts()) mailboxes.add(id);
    });
    for (const [id, address] of names) {
      if (allMailboxes && !mailboxes.has(id)) report(address, 'has no mailbox');
      await attempt(address, async () => {
        const route = await directory.route(address);
        if (route.kind === 'unknown' || (route.kind === 'account' && route.account !== id))
          report(address, 'its address leads elsewhere');
      });
    }
    for (const id of allNames ? mailboxes : [])
      if (!names.has(id) && !(await mailstore.legalHolds.of(id)).removed)
        report(id, 'this mailbox belongs to no account');
    return { accounts: names.size, problems, repaired };
  },
);

export const sweep = operation('sweep', z.strictObject({}), (service) => service.sweep());

export const status = operation('status', z.strictObject({}), async (service) => ({
  listening: service.listening(),
  problems: await service.health(),
  queues: await service.queue.counts(),
}));

export const BACKUP_FORMAT = 1;

/** `backup.json`, written last: a backup without one is not complete. */
export interface BackupManifest {
  readonly format: number;
  readonly created: number;
  /** Blobs that the copy of the store may name. */
  readonly blobs: number;
  readonly bytes: number;
}

export const backup = operation<
  { path: string },
  BackupManifest,
  { readonly step: 'store' | 'blobs'; readonly done: number; readonly of: number }
>('backup', z.strictObject({ path: z.string().min(1).max(4000) }), (service, { path }, io) => {
  if (!isAbsolute(path)) throw new MailError('syntax', 'syntax', 'the path of a backup is absolute');
  return service.withoutSweep(() => writeBackup(service, path, (item) => io.item(item), io.signal));
});

async function writeBackup(
  service: Service,
  path: string,
  progress: (item: { step: 'store' | 'blobs'; done: number; of: number }) => void,
  signal: AbortSignal,
): Promise<BackupManifest> {
  const { kv, blobs, clock } = service;
  if (kv.backup === undefined || !kv.supports.backup)
    throw new MailError('not-allowed', 'user', 'this store is backed up with its own tools');
  await emptyFolder(path);
  progress({ step: 'store', done: 0, of: 1 });
  await mkdir(join(path, 'kv'), { mode: 0o700 });
  // The store first: every blob that it names exists by then, and none goes away before we are done.
  await kv.backup(join(path, 'kv'));
  progress({ step: 'store', done: 1, of: 1 });
  const found: { key: string; size: number }[] = [];
  await using copy = await service.blobsIn(join(path, 'blobs'));
  let bytes = 0;
  const all = [];
  for await (const info of blobs.list()) all.push(info);
  for (const { key, size } of all) {
    signal.throwIfAborted();
    const content = await blobs.get(key);
    if (content !== undefined) {
      await copy.put(key, content);
      found.push({ key, size });
      bytes += size;
    }
    if (found.length % 100 === 0) progress({ step: 'blobs', done: found.length, of: all.length });
  }
  await writeFile(join(path, 'blobs.json'), JSON.stringify(found), { mode: 0o600, flush: true });
  const manifest: BackupManifest = { format: BACKUP_FORMAT, created: clock.now(), blobs: found.length, bytes };
  await writeFile(join(path, 'backup.json'), `${JSON.stringify(manifest)}\n`, { mode: 0o600, flush: true });
  return manifest;
}

export async function emptyFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if ((await readdir(path)).length > 0)
    throw new MailError('conflict', 'user', `${path} is not empty: name a new folder`);
}
