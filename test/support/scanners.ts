/** Real engines from Debian's packages, each with settings of its own, on free ports, without asking the network. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { type ChildProcess, spawn } from 'node:child_process';
import { freePort } from './free-port.ts';

export const GTUBE = 'XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X';

export interface Engine extends AsyncDisposable {
  readonly endpoint: string;
  /** As a machine that loses power; `start` brings it back at the same place. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

async function engine(port: number, command: string, args: readonly string[], env = process.env): Promise<Engine> {
  let child: ChildProcess | undefined;
  let output = '';
  const start = async (): Promise<void> => {
    const mine = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env, detached: true });
    child = mine;
    const ended = new Promise<string>((resolve) => mine.once('exit', (code) => resolve(`it ended with ${code}`)));
    for (const stream of [mine.stdout, mine.stderr]) stream.on('data', (piece) => (output += String(piece)));
    for (;;) {
      const state = await Promise.race([ended, answers(port)]);
      if (state === true) return;
      if (typeof state === 'string') throw new Error(`${command}: ${state}\n${output.slice(-2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const kill = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running?.pid === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    // With its workers: they would go on listening.
    process.kill(-running.pid, 'SIGKILL');
    await ended;
  };
  await start();
  return { endpoint: `127.0.0.1:${port}`, kill, start, [Symbol.asyncDispose]: kill };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

const CLAMD = '/usr/sbin/clamd';
const RSPAMD = '/usr/bin/rspamd';
const SPAMD = [process.env['SPAMD'] ?? '', '/usr/sbin/spamd'].find((path) => path !== '' && existsSync(path));

export const hasClamd = existsSync(CLAMD);
export const hasRspamd = existsSync(RSPAMD);
export const hasSpamd = SPAMD !== undefined;

/** Its only signature is that of the EICAR test file. */
export async function startClamd(folder: string): Promise<Engine> {
  const port = await freePort();
  const database = join(folder, 'signatures');
  await mkdir(database, { recursive: true });
  const eicar = Buffer.from('EICAR-STANDARD-ANTIVIRUS-TEST-FILE!').toString('hex');
  await writeFile(join(database, 'test.ndb'), `Eicar-Test-Signature:0:*:${eicar}\n`);
  const settings = join(folder, 'clamd.conf');
  const lines = [
    'Foreground yes',
    `DatabaseDirectory ${database}`,
    'TCPAddr 127.0.0.1',
    `TCPSocket ${port}`,
    'StreamMaxLength 60M',
    'MaxThreads 4',
    'ConcurrentDatabaseReload no',
    'SelfCheck 0',
  ];
  await writeFile(settings, `${lines.join('\n')}\n`);
  return engine(port, CLAMD, ['--config-file', settings]);
}

/** Without modules that ask DNS or load maps: what is left are its rules about the mail itself. */
export async function startRspamd(folder: string): Promise<Engine> {
  const port = await freePort();
  const settings = join(folder, 'rspamd.conf');
  await mkdir(join(folder, 'modules'), { recursive: true });
  // All of the world's would be compiled for a minute.
  await writeFile(join(folder, 'tld.dat'), 'com\ntest\n');
  const conf = `
options { pidfile = "${join(folder, 'rspamd.pid')}"; filters = ""; control_socket = "${join(folder, 'rspamd.sock')} mode=0600";
  dns { nameserver = ["127.0.0.1"]; timeout = 0.1s; retransmits = 1; } explicit_modules = [];
  url_tld = "${join(folder, 'tld.dat')}"; tempdir = "${folder}"; }
logging { type = "console"; level = "error"; }
worker "normal" { bind_socket = "127.0.0.1:${port}"; count = 1; }
actions { reject = 15; add_header = 6; greylist = 4; }
modules { path = "${join(folder, 'modules')}"; }
`;
  await writeFile(settings, conf);
  return engine(port, RSPAMD, ['-f', '-i', '-c', settings, `--var=DBDIR=${folder}`, `--var=RUNDIR=${folder}`]);
}

/** With the rules that the package brings, and nothing that asks the network. */
export async function startSpamd(folder: string): Promise<Engine> {
  const port = await freePort();
  const site = join(folder, 'site');
  // Started by root it becomes nobody before it reads anything.
  await chmod(folder, 0o755);
  await mkdir(site, { recursive: true });
  const program = SPAMD ?? '';
  const root = dirname(dirname(dirname(program)));
  const loads = ['Check', 'MIMEHeader', 'HeaderEval', 'BodyEval', 'HTMLEval', 'MIMEEval', 'URIEval', 'WLBLEval'];
  await writeFile(
    join(site, 'a.pre'),
    `${loads.map((name) => `loadplugin Mail::SpamAssassin::Plugin::${name}`).join('\n')}\n`,
  );
  await writeFile(join(site, 'local.cf'), 'required_score 5.0\nuse_bayes 0\nskip_rbl_checks 1\n');
  const args = [
    program,
    '-L',
    '-x',
    '-m',
    '2',
    '--min-children=1',
    '-i',
    '127.0.0.1',
    '-p',
    String(port),
    '-C',
    join(root, 'usr/share/spamassassin'),
    '--siteconfigpath',
    site,
    '-H',
    folder,
  ]; // prettier-ignore
  return engine(port, '/usr/bin/perl', ['-T', `-I${join(root, 'usr/share/perl5')}`, ...libraries(root), ...args], {
    ...process.env,
    HOME: folder,
  });
}

function libraries(root: string): string[] {
  const binary = join(root, 'usr/lib/x86_64-linux-gnu/perl5/5.36');
  return existsSync(binary) ? [`-I${binary}`] : [];
}
