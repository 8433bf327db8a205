/**
 * What the last release kept (L4) is there after an upgrade, to the last byte, UID and flag, at a size; and a folder that a later release has
 * written is refused, and left as it is. The last release is run from the history of the repository.
 */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { loadMessage } from '../load/message.ts';
import { pabal, Service } from '../service.ts';
import { until } from '../support/until.ts';
import { byForm, type Goal, type GoalContext, type GoalResult, result } from './goal.ts';
import { ROOT } from './vitest.ts';

/** The last commit that wrote data as 0.1.0 does. */
const LAST_RELEASE = '0cdae72';
const USER = 'upgrade@mail.test';
const SIZE = 1_500;

export const goal: Goal = {
  id: 'L4',
  title: 'an upgrade keeps everything, and a downgrade is refused',
  forms: ['quick', 'full'],

  missing() {
    try {
      execFileSync('git', ['cat-file', '-e', `${LAST_RELEASE}^{commit}`], { cwd: ROOT, stdio: 'ignore' });
      return undefined;
    } catch {
      return `the history of the repository does not have ${LAST_RELEASE}`;
    }
  },

  /** Something flags a message between the two. */
  async control(context: GoalContext): Promise<string | undefined> {
    const { violations } = await upgrade(context, 50, async (imap) => {
      await imap.ok('SELECT INBOX');
      await imap.ok('STORE 7 +FLAGS.SILENT (\\Draft)');
    });
    return violations[0];
  },

  async run(context: GoalContext): Promise<GoalResult> {
    const messages = byForm(context.form, { smoke: 50, quick: 2_000, full: 100_000 });
    const { violations, figures } = await upgrade(context, messages);
    return result({ runs: 1, acked: messages, violations, figures });
  },
};

async function upgrade(
  { folder, seed, say }: GoalContext,
  messages: number,
  between?: (imap: ImapClient) => Promise<void>,
): Promise<{ violations: string[]; figures: Readonly<Record<string, unknown>> }> {
  const old = await lastRelease(folder);
  const data = join(folder, 'data');
  const violations: string[] = [];
  let before: Held;
  {
    await using service = await Service.start({ data, program: [process.execPath, join(old, 'src/main.ts')] });
    await using imap = await signedIn(service);
    const mbox = await mboxOf(folder, seed, messages);
    await promisify(execFile)(join(old, 'bin/pabal'), ['import', USER, mbox, '--data', data], { maxBuffer: 64 << 20 });
    say('the last release has the mail');
    await changeSome(imap, messages);
    before = await held(imap);
    await between?.(imap);
    await imap.logout();
    await service.stop();
  }
  const begun = performance.now();
  let readySeconds = 0;
  {
    await using service = await Service.start({ data });
    readySeconds = Math.round((performance.now() - begun) / 100) / 10;
    await using imap = await signedIn(service);
    const after = await held(imap);
    for (const name of Object.keys(before) as (keyof Held)[])
      if (before[name] !== after[name]) violations.push(`${name}: ${before[name]} became ${after[name]}`);
    await using smtp = await SmtpClient.connect(service.at('smtp'));
    await smtp.send('x@remote.test', [USER], Buffer.from('Subject: today\r\n\r\nnew\r\n'));
    await smtp.quit();
    const count = await imap.count('INBOX');
    await until('new mail', async () => (await imap.count('INBOX')) > count || undefined);
    await imap.logout();
    await service.stop();
  }
  const verified = await pabal(['verify', '--data', data]);
  if (verified.code !== 0) violations.push(`verify: ${(verified.stdout + verified.stderr).slice(0, 300)}`);
  violations.push(...(await downgrade(data)));
  return { violations, figures: { messages, readySeconds, inbox: before.status } };
}

/** The folder as a later release leaves it. */
async function downgrade(data: string): Promise<string[]> {
  const file = join(data, 'format.json');
  const format = JSON.parse(await readFile(file, 'utf8')) as { format: number };
  await writeFile(file, `${JSON.stringify({ ...format, format: format.format + 1 })}\n`);
  const before = await digestOf(data);
  const violations: string[] = [];
  for (const command of ['serve', 'verify']) {
    const { code, stderr } = await pabal([command, '--data', data, ...(command === 'serve' ? ['--sandbox'] : [])]);
    if (code === 0 || !stderr.includes('was written by a newer pabal'))
      violations.push(`${command} took the data of a later release: ${code} ${stderr.slice(0, 200)}`);
  }
  if ((await digestOf(data)) !== before) violations.push('the data of a later release was touched');
  return violations;
}

/** Of everything but what belongs to a process that runs. */
async function digestOf(data: string): Promise<string> {
  const digest = createHash('sha256');
  const files = await readdir(data, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  for (const path of paths.sort()) {
    if (path.startsWith(join(data, 'run/')) || path.endsWith('lock.mdb')) continue;
    digest.update(`${path}\0`);
    for await (const piece of createReadStream(path)) digest.update(piece as Buffer);
  }
  return digest.digest('hex');
}

async function lastRelease(folder: string): Promise<string> {
  const old = join(folder, 'last-release');
  await mkdir(old);
  const archive = join(folder, 'last-release.tar');
  execFileSync('git', ['archive', '-o', archive, LAST_RELEASE, 'bin', 'src', 'package.json'], { cwd: ROOT });
  execFileSync('tar', ['-xf', archive, '-C', old]);
  await symlink(join(ROOT, 'node_modules'), join(old, 'node_modules'));
  return old;
}

async function mboxOf(folder: string, seed: number, messages: number): Promise<string> {
  const path = join(folder, 'mail.mbox');
  const file = createWriteStream(path);
  for (let number = 0; number < messages; number++) {
    const { raw } = loadMessage(seed, number, USER, SIZE);
    const text = `From load@client.test Fri Nov 20 12:00:00 2026\n${raw.toString('latin1').replaceAll('\r\n', '\n')}\n`;
    if (!file.write(text, 'latin1')) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
  return path;
}

async function signedIn(service: Service): Promise<ImapClient> {
  const imap = await ImapClient.connect(service.at('imap'));
  await imap.login(USER, 'pass');
  return imap;
}

/** Flags, copies, moves and gaps. */
async function changeSome(imap: ImapClient, messages: number): Promise<void> {
  const tenth = Math.floor(messages / 10);
  await imap.ok('CREATE Other');
  await imap.ok('SELECT INBOX');
  await imap.ok(`STORE 1:${tenth} +FLAGS.SILENT (\\Seen $Work)`);
  await imap.ok(`COPY 1:${tenth} Other`);
  await imap.ok(`MOVE ${tenth + 1}:${2 * tenth} Archive`);
  await imap.ok(`STORE ${messages - 2 * tenth}:* +FLAGS.SILENT (\\Deleted)`);
  await imap.ok('EXPUNGE');
}

/** In words that can be compared: what STATUS says, and a digest over UID, flags and bytes of every message. */
interface Held {
  readonly status: string;
  readonly inbox: string;
  readonly other: string;
  readonly archive: string;
}

async function held(imap: ImapClient): Promise<Held> {
  const status: string[] = [];
  const digests: string[] = [];
  for (const folder of ['INBOX', 'Other', 'Archive']) {
    const { untagged } = await imap.ok(`STATUS ${folder} (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)`);
    status.push(...untagged.map(({ text }) => text));
    const digest = createHash('sha256');
    for await (const { uid, flags, raw } of imap.messages(folder)) digest.update(`${uid} ${flags}\0`).update(raw);
    digests.push(digest.digest('hex').slice(0, 16));
  }
  const [inbox = '', other = '', archive = ''] = digests;
  return { status: status.join(), inbox, other, archive };
}
