/** What a start says that cannot be, and the demo, as whoever types the command sees them. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImapClient } from '../client/imap.ts';
import { pabal, Service } from '../service.ts';
import { PATIENCE_MS, until } from '../support/until.ts';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'pabal-start-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

/** In a name space of its own, where nobody else sees it. */
function mayMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a start that cannot be', () => {
  const start = (...args: string[]) => pabal(['serve', '--set', 'listen.smtp=127.0.0.1:0', ...args]);
  const OFF = ['submission', 'submissions', 'imap', 'imaps', 'pop3', 'pop3s', 'managesieve', 'http', 'lmtp'].flatMap(
    (name) => ['--set', `listen.${name}=off`],
  );

  it('says in one line that a port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const result = await start('--data', join(base, 'port'), ...OFF, '--set', `listen.imap=127.0.0.1:${port}`);
    taken.close();
    expect(result).toEqual({
      code: 1,
      stdout: '',
      stderr: `pabal: listen.imap: 127.0.0.1:${port} is taken: stop the program that uses it, or set another address\n`,
    });
  });

  it('says in one line that the folder is no folder, or somebody else has it (A23)', async () => {
    await writeFile(join(base, 'a-file'), '');
    const result = await start('--data', join(base, 'a-file'), ...OFF);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^pabal: cannot write to the data folder .*\n$/);
    if (process.getuid?.() === 0) {
      await mkdir(join(base, 'foreign'));
      execFileSync('chown', ['12345', join(base, 'foreign')]);
      expect((await start('--data', join(base, 'foreign'), ...OFF)).stderr).toMatch(
        /^pabal: the data folder .* belongs to user 12345.*\n$/,
      );
    }
  });

  it.runIf(mayMount())('says in one line that the folder, or a part of it, can only be read (A23)', async () => {
    const data = join(base, 'read-only');
    for (const part of ['', 'kv', 'blobs']) {
      const where = join(data, part);
      await mkdir(where, { recursive: true });
      const readOnly = `mount --bind ${where} ${where} && mount -o remount,ro,bind ${where} && exec "$@"`;
      const words = ['--mount', 'sh', '-c', readOnly, 'sh', 'bin/pabal', 'serve', '--data', data, ...OFF];
      const ended = await promisify(execFile)('unshare', words, { timeout: PATIENCE_MS }).catch(
        (error: unknown) => error,
      );
      expect(ended).toMatchObject({
        code: 1,
        stdout: '',
        stderr: `pabal: cannot write to the data folder ${where} (EROFS): give it to this user, or name another with --data\n`,
      });
      expect(await readdir(data)).not.toContain('format.json');
    }
  });

  it('leaves a running service alone (A24)', async () => {
    await using first = await Service.start({ sandbox: false });
    const second = await start('--data', first.data, ...OFF);
    expect(second).toEqual({
      code: 1,
      stdout: '',
      stderr: `pabal: another pabal uses ${first.data}: stop it first, or name another folder with --data\n`,
    });
    expect((await fetch(`http://${first.at('http')}/healthz`)).status).toBe(200);
    expect((await pabal(['account', 'list', '--data', first.data])).stdout).toContain('admin@localhost');
  });

  it('names file and line of a wrong configuration', async () => {
    const file = join(base, 'bad.toml');
    await writeFile(file, '[listen]\nsmpt = "off"\n');
    expect(await start('--config', file)).toEqual({
      code: 1,
      stdout: '',
      stderr: `pabal: ${file}:2: unknown key listen.smpt, did you mean listen.smtp?\n`,
    });
  });

  it('of the demo or the sandbox does not leave this machine', async () => {
    const { code, stderr } = await start(
      '--sandbox',
      '--data',
      join(base, 'open'),
      '--set',
      'listen.imap=0.0.0.0:2143',
    );
    expect(code).toBe(1);
    expect(stderr).toBe('pabal: --sandbox listens on this machine only: set listen.imap to 127.0.0.1:2143 or "off"\n');
  });

  it('a sandbox never opens as a real service', async () => {
    const data = join(base, 'sandbox');
    const one = await Service.start({ data });
    await one.stop();
    expect((await start('--data', data, ...OFF)).stderr).toMatch(/was made with --sandbox and starts only so/);
  });
});

describe('the demo', () => {
  it('is a living mailbox in one step', async () => {
    const data = join(base, 'demo');
    const ports = [
      'smtp',
      'submission',
      'submissions',
      'imap',
      'imaps',
      'pop3',
      'pop3s',
      'managesieve',
      'http',
    ].flatMap((name) => ['--set', `listen.${name}=127.0.0.1:0`]);
    const child = spawn('bin/pabal', ['serve', '--demo', '--data', data, ...ports], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    try {
      await until('the demo is ready', () => output.includes('"msg":"ready"'));
      const { imap } = JSON.parse(await readFile(join(data, 'run', 'listen.json'), 'utf8')) as { imap: string[] };
      const client = await ImapClient.connect(imap[0] ?? '');
      await client.login('alice@example.test', 'demo-password');
      expect(await client.folders()).toEqual(expect.arrayContaining(['INBOX', 'Projects/Relay', 'Junk']));
      expect(await client.count('INBOX')).toBeGreaterThan(15);
      await client.logout();
      const { stdout } = await pabal(['verify', '--data', data]);
      expect(stdout).toBe('2 accounts checked, 0 problems\n');
      expect((await pabal(['account', 'list', '--data', data])).stdout).toMatch(
        /alice@example\.test .* active, admin /,
      );
    } finally {
      child.kill('SIGINT');
    }
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
  });
});
