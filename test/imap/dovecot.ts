/** Dovecot's IMAP in a folder of its own, for transcripts that are to hold for others' servers as well. Takes any address, with the password `pass`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answering, userIds } from '../postfix.ts';
import { freePort } from '../support/free-port.ts';

const PROGRAM = '/usr/sbin/dovecot';

/** Installed, and started by somebody whom it allows to. */
export function dovecotCanRun(): boolean {
  return process.getuid?.() === 0 && existsSync(PROGRAM) && existsSync('/usr/lib/dovecot/imap');
}

export class Dovecot implements AsyncDisposable {
  readonly address: string;
  readonly #folder: string;
  readonly #program: ChildProcess;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.address = `127.0.0.1:${port}`;
    this.#program = spawn(PROGRAM, ['-F', '-c', join(folder, 'dovecot.conf')], { stdio: 'ignore' });
  }

  static async start(): Promise<Dovecot> {
    const folder = await mkdtemp(join(tmpdir(), 'pabal-dovecot-'));
    await chmod(folder, 0o755);
    const { uid, gid } = userIds('dovecot');
    await mkdir(join(folder, 'mail'));
    await chown(join(folder, 'mail'), uid, gid);
    const port = await freePort();
    await writeFile(
      join(folder, 'dovecot.conf'),
      [
        `base_dir = ${folder}/run`,
        `state_dir = ${folder}/state`,
        `log_path = ${folder}/log`,
        'protocols = imap',
        'listen = 127.0.0.1',
        'ssl = no',
        'disable_plaintext_auth = no',
        'mail_location = mdbox:~/mdbox',
        `mail_uid = ${uid}`,
        `mail_gid = ${gid}`,
        'first_valid_uid = 1',
        'passdb {\n driver = static\n args = password=pass\n}',
        `userdb {\n driver = static\n args = uid=${uid} gid=${gid} home=${folder}/mail/%n allow_all_users=yes\n}`,
        'namespace inbox {\n inbox = yes\n separator = /\n}',
        `service imap-login {\n inet_listener imap {\n port = ${port}\n }\n inet_listener imaps {\n port = 0\n }\n}`,
        '',
      ].join('\n'),
    );
    const dovecot = new Dovecot(folder, port);
    await answering(dovecot.address, folder);
    return dovecot;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#program.once('exit', resolve));
    this.#program.kill();
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
