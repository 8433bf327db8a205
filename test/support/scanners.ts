/** Real engines from Debian's packages, each with settings of its own, on free ports, without asking the network. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { freePort } from './free-port.ts';
import { type Program, startProgram } from './program.ts';

export const GTUBE = 'XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X';

const CLAMD = '/usr/sbin/clamd';
const RSPAMD = '/usr/bin/rspamd';
const SPAMD = [process.env['SPAMD'] ?? '', '/usr/sbin/spamd'].find((path) => path !== '' && existsSync(path));

export const hasClamd = existsSync(CLAMD);
export const hasRspamd = existsSync(RSPAMD);
export const hasSpamd = SPAMD !== undefined;

/** Its only signature is that of the EICAR test file. */
export async function startClamd(folder: string): Promise<Program> {
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
  return startProgram(port, CLAMD, ['--config-file', settings]);
}

/** Without modules that ask DNS or load maps: what is left are its rules about the mail itself. */
export async function startRspamd(folder: string): Promise<Program> {
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
  return startProgram(port, RSPAMD, ['-f', '-i', '-c', settings, `--var=DBDIR=${folder}`, `--var=RUNDIR=${folder}`]);
}

/** With the rules that the package brings, and nothing that asks the network. */
export async function startSpamd(folder: string): Promise<Program> {
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
  return startProgram(
    port,
    '/usr/bin/perl',
    ['-T', `-I${join(root, 'usr/share/perl5')}`, ...libraries(root), ...args],
    {
      ...process.env,
      HOME: folder,
    },
  );
}

function libraries(root: string): string[] {
  const binary = join(root, 'usr/lib/x86_64-linux-gnu/perl5/5.36');
  return existsSync(binary) ? [`-I${binary}`] : [];
}
