/**
 * The peer: Debian's Postfix handing to Debian's Dovecot over LMTP, configured in a temporary folder and run beside the
 * system's own mail setup, which is not touched. Needs root (Postfix's master insists) and the packages of
 * `test/install.sh --bench`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAccounts } from '../test/load/message.ts';
import { BENCH_DOMAIN, BENCH_PASSWORD, type Subject } from './subject.ts';
import { domainOf } from '../src/mail/path.ts';
import { answering, Postfix, postfixMissing, userIds } from '../test/postfix.ts';

/** Dovecot's `mail_fsync`. */
export type MailFsync = 'optimized' | 'always';

export interface PeerOptions {
  readonly accounts?: number;
  /** Whose mailboxes it has instead of those; all of one domain. */
  readonly people?: readonly string[];
  /** Default `optimized`, as Debian ships it: each message is synced that LMTP or APPEND brings. `always`: what STORE and EXPUNGE change, too. */
  readonly fsync?: MailFsync;
}

/** Why the peer cannot run here; undefined when it can. */
export function peerMissing(): string | undefined {
  const why = postfixMissing();
  if (why !== undefined) return why;
  const missing = ['/usr/sbin/dovecot', '/usr/lib/dovecot/lmtp', '/usr/lib/dovecot/pop3'].filter(
    (path) => !existsSync(path),
  );
  return missing.length === 0 ? undefined : `${missing.join(', ')}: run test/install.sh --bench`;
}

export class Peer implements Subject {
  readonly name = 'peer';
  readonly version: string;
  readonly accounts: readonly string[];
  readonly password = BENCH_PASSWORD;
  readonly smtp: string;
  readonly lmtp: string;
  readonly imap: string;
  readonly imaps: string;
  readonly pop3: string;
  readonly #folder: string;
  #dovecot: ChildProcess | undefined;
  #postfix: Postfix | undefined;

  private constructor(folder: string, accounts: readonly string[], ports: readonly number[]) {
    this.#folder = folder;
    this.accounts = accounts;
    [this.smtp, this.lmtp, this.imap, this.imaps, this.pop3] = ports.map((port) => `127.0.0.1:${port}`) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const dovecot = execFileSync('/usr/sbin/dovecot', ['--version'], { encoding: 'utf8' }).trim();
    this.version = `postfix ${Postfix.version()}, dovecot ${dovecot}`;
  }

  static async start(options: PeerOptions = {}): Promise<Peer> {
    const why = peerMissing();
    if (why !== undefined) throw new Error(why);
    const folder = mkdtempSync(join(tmpdir(), 'bench-peer-'));
    chmodSync(folder, 0o755);
    const people = options.people ?? loadAccounts(options.accounts ?? 100, BENCH_DOMAIN);
    const peer = new Peer(folder, people, await freePorts(5));
    peer.#configureDovecot(options.fsync ?? 'optimized');
    await peer.#run();
    return peer;
  }

  pids(): readonly number[] {
    return [this.#postfix?.pid ?? 0, this.#dovecot?.pid ?? 0];
  }

  #configureDovecot(fsync: MailFsync): void {
    const folder = this.#folder;
    const mail = userIds('dovecot');
    mkdirSync(join(folder, 'mail'));
    chownSync(join(folder, 'mail'), mail.uid, mail.gid);
    mkdirSync(join(folder, 'dovecot'));
    const certificate = `req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -keyout ${folder}/key.pem -out ${folder}/cert.pem`;
    execFileSync('openssl', certificate.split(' '), { stdio: 'ignore' });
    const port = (address: string): string => address.slice(address.lastIndexOf(':') + 1);
    const listener = (name: string, address: string, ssl = false): string =>
      `inet_listener ${name} {\n address = 127.0.0.1\n port = ${port(address)}\n ssl = ${ssl ? 'yes' : 'no'}\n }\n`;
    writeFileSync(
      join(folder, 'dovecot', 'dovecot.conf'),
      `base_dir = ${folder}/dovecot/run
state_dir = ${folder}/dovecot/state
log_path = ${folder}/dovecot.log
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = mdbox:~/mdbox
mail_fsync = ${fsync}
mail_uid = ${mail.uid}
mail_gid = ${mail.gid}
first_valid_uid = 1
mail_max_userip_connections = 0
default_process_limit = 4000
default_client_limit = 20000
passdb {
  driver = static
  args = password=${BENCH_PASSWORD}
}
userdb {
  driver = static
  args = uid=${mail.uid} gid=${mail.gid} home=${folder}/mail/%n allow_all_users=yes
}
namespace inbox {
  inbox = yes
  separator = /
}
service imap-login {
  service_count = 0
  process_min_avail = 2
  ${listener('imap', this.imap)} ${listener('imaps', this.imaps, true)}
}
# Of these two Dovecot ships a limit of 1024, whatever the default says.
service imap {
  process_limit = 4000
}
service pop3 {
  process_limit = 4000
}
service pop3-login {
  service_count = 0
  ${listener('pop3', this.pop3)} inet_listener pop3s {\n port = 0\n }
}
service lmtp {
  process_min_avail = 20
  ${listener('lmtp', this.lmtp)}
  unix_listener ${folder}/dovecot/lmtp {
    mode = 0666
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
service anvil {
  client_limit = 20000
}
`,
    );
  }

  #configuration(): string {
    return `myhostname = peer.test
virtual_mailbox_domains = ${domainOf(this.accounts[0] ?? '')}
virtual_mailbox_maps = texthash:FOLDER/postfix/accounts
virtual_transport = lmtp:unix:FOLDER/dovecot/lmtp
lmtp_destination_concurrency_limit = 20
initial_destination_concurrency = 20
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
default_process_limit = 100
`;
  }

  async #run(): Promise<void> {
    this.#dovecot = spawn('/usr/sbin/dovecot', ['-F', '-c', join(this.#folder, 'dovecot', 'dovecot.conf')], {
      stdio: 'ignore',
    });
    if (this.#postfix) await this.#postfix.run();
    else
      this.#postfix = await Postfix.start({
        smtp: this.smtp,
        settings: this.#configuration(),
        files: { accounts: this.accounts.map((address) => `${address} x\n`).join('') },
        folder: this.#folder,
      });
    for (const address of [this.lmtp, this.imap, this.pop3]) await answering(address, this.#folder);
  }

  async #end(): Promise<void> {
    this.#postfix?.end();
    const dovecot = this.#dovecot;
    if (dovecot && dovecot.exitCode === null) {
      const exited = new Promise((resolve) => dovecot.once('exit', resolve));
      dovecot.kill('SIGTERM');
      await exited;
    }
    this.#dovecot = undefined;
  }

  async restart(): Promise<void> {
    await this.#end();
    await this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Free at this moment; another program may take one before we do, then the start says so. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  for (const server of servers) server.close();
  return ports;
}
