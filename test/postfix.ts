/**
 * Debian's Postfix, configured in a temporary folder and run beside the system's own mail setup, which is not touched.
 * Needs root (its master insists).
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WireClient } from './client/wire.ts';
import { until } from './support/until.ts';

export interface PostfixOptions {
  /** `host:port` where it takes mail. */
  readonly smtp: string;
  /** Lines of main.cf beside those that a folder of its own needs; it may say `FOLDER`. */
  readonly settings: string;
  /** Files that the settings name, by their name in `FOLDER/postfix`. */
  readonly files?: Readonly<Record<string, string>>;
  /** Default: a new one, which goes with it. */
  readonly folder?: string;
}

/** Why it cannot run here; undefined when it can. */
export function postfixMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'Postfix needs root: it starts its parts under several users';
  return existsSync('/usr/sbin/postfix') ? undefined : '/usr/sbin/postfix: run test/install.sh';
}

export class Postfix implements AsyncDisposable {
  readonly smtp: string;
  readonly folder: string;
  readonly #temporary: boolean;
  #pid = 0;

  private constructor(options: PostfixOptions) {
    this.smtp = options.smtp;
    this.#temporary = options.folder === undefined;
    this.folder = options.folder ?? mkdtempSync(join(tmpdir(), 'pabal-postfix-'));
    chmodSync(this.folder, 0o755);
  }

  static async start(options: PostfixOptions): Promise<Postfix> {
    const why = postfixMissing();
    if (why !== undefined) throw new Error(why);
    const postfix = new Postfix(options);
    postfix.#configure(options);
    await postfix.run();
    return postfix;
  }

  static version(): string {
    return execFileSync('/usr/sbin/postconf', ['-h', '-d', 'mail_version'], { encoding: 'utf8' }).trim();
  }

  /** Of its master; the rest descend from it. */
  get pid(): number {
    return this.#pid;
  }

  /** The mails that its own delivery (`virtual_transport = virtual`) put into that Maildir. */
  maildir(path: string): readonly Buffer[] {
    const folder = join(this.folder, 'mailboxes', path, 'new');
    return existsSync(folder) ? readdirSync(folder).map((name) => readFileSync(join(folder, name))) : [];
  }

  log(): string {
    const file = join(this.folder, 'mail.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  async run(): Promise<void> {
    this.#command('start');
    const pidFile = join(this.folder, 'queue', 'pid', 'master.pid');
    await until(`Postfix, whose logs are in ${this.folder},`, () => existsSync(pidFile));
    this.#pid = Number(readFileSync(pidFile, 'latin1').trim());
    await answering(this.smtp, this.folder);
  }

  end(): void {
    try {
      this.#command('stop');
    } catch {
      // It had ended already.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    await Promise.resolve();
    if (this.#temporary) rmSync(this.folder, { recursive: true, force: true });
  }

  #command(word: 'start' | 'stop'): void {
    try {
      execFileSync('/usr/sbin/postfix', ['-c', join(this.folder, 'postfix'), word], { stdio: 'pipe' });
    } catch (error) {
      throw new Error(`postfix ${word}: ${this.log()}`, { cause: error });
    }
  }

  #configure({ settings, files = {} }: PostfixOptions): void {
    const { folder } = this;
    const { uid, gid } = userIds('postfix');
    for (const name of ['postfix', 'postfix-data', 'queue', 'mailboxes']) mkdirSync(join(folder, name));
    for (const name of ['postfix-data', 'mailboxes']) chownSync(join(folder, name), uid, gid);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'postfix', name), text);
    const shared = execFileSync('/usr/sbin/postconf', ['-h', 'shlib_directory'], { encoding: 'utf8' }).trim();
    writeFileSync(
      join(folder, 'postfix', 'main.cf'),
      `compatibility_level = 3.6
queue_directory = FOLDER/queue
data_directory = FOLDER/postfix-data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = ${shared}
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
virtual_mailbox_base = FOLDER/mailboxes
virtual_minimum_uid = 1
virtual_uid_maps = static:${uid}
virtual_gid_maps = static:${gid}
maillog_file = FOLDER/mail.log
maillog_file_prefixes = FOLDER
${settings}`.replaceAll('FOLDER', folder),
    );
    writeFileSync(join(folder, 'postfix', 'master.cf'), `${this.smtp} inet n - n - - smtpd\n${SERVICES}`);
  }
}

const SERVICES = `pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;

export function userIds(name: string): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((row) => row.startsWith(`${name}:`));
  if (line === undefined) throw new Error(`there is no user ${name}: run test/install.sh`);
  const fields = line.split(':');
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

/** Resolves when somebody greets there. */
export async function answering(address: string, folder: string): Promise<void> {
  await until(`an answer at ${address}, whose logs are in ${folder}`, async () => {
    try {
      await using wire = await WireClient.connect(address);
      await wire.line();
      return true;
    } catch {
      return false;
    }
  });
}
