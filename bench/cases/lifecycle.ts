/**
 * NinjaMail's unit of work (requirement B-38): one message stored and retrieved in six operations, here over the
 * protocols that a mail program uses: deliver, list, get, flag, move, delete.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ImapClient } from '../../test/client/imap.ts';
import { SmtpClient } from '../../test/client/smtp.ts';
import { template } from '../load/message.ts';
import { cpuSeconds, PeakMemory, quantiles, round } from '../../test/proc.ts';
import type { Subject } from '../subject.ts';

const OPERATIONS = ['deliver', 'list', 'get', 'flag', 'move', 'delete'] as const;
type Operation = (typeof OPERATIONS)[number];

export async function lifecycle(subject: Subject, options: { readonly seconds: number; readonly users: number }) {
  const samples: Record<Operation, number[]> = { deliver: [], list: [], get: [], flag: [], move: [], delete: [] };
  const users = await Promise.all(
    subject.accounts.slice(0, options.users).map((account) => User.open(subject, account)),
  );
  const cpu = cpuSeconds(subject.pids());
  const own = process.cpuUsage();
  using peak = new PeakMemory(subject.pids());
  const started = performance.now();
  const end = started + options.seconds * 1000;
  let cycles = 0;
  await Promise.all(
    users.map(async (user) => {
      while (performance.now() < end) {
        await user.cycle((operation, ms) => samples[operation].push(ms));
        cycles++;
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const used = cpuSeconds(subject.pids()) - cpu;
  const client = process.cpuUsage(own);
  await Promise.all(users.map((user) => user.close()));
  return {
    users: options.users,
    cycles,
    cyclesPerSecond: round(cycles / seconds, 1),
    operationMs: Object.fromEntries(OPERATIONS.map((operation) => [operation, quantiles(samples[operation])])),
    serverCpuSeconds: round(used),
    cpuMsPerCycle: round((used * 1000) / cycles, 3),
    loadCpuSeconds: round((client.user + client.system) / 1e6),
    peakMemoryMiB: peak.mib(),
  };
}

class User {
  readonly #smtp: SmtpClient;
  readonly #imap: ImapClient;
  readonly #account: string;
  readonly #message: ReturnType<typeof template>;
  #number = 0;

  private constructor(smtp: SmtpClient, imap: ImapClient, account: string) {
    this.#smtp = smtp;
    this.#imap = imap;
    this.#account = account;
    this.#message = template(`l${Date.now().toString(36)}.${account.split('@')[0]}`, account);
  }

  static async open(subject: Subject, account: string): Promise<User> {
    const imap = await ImapClient.connect(subject.imap);
    await imap.login(account, subject.password);
    await imap.command('CREATE Archive');
    await imap.ok('SELECT INBOX');
    return new User(await SmtpClient.connect(subject.smtp), imap, account);
  }

  async cycle(measured: (operation: Operation, ms: number) => void): Promise<void> {
    let begun = performance.now();
    const lap = (operation: Operation): void => {
      const now = performance.now();
      measured(operation, now - begun);
      begun = now;
    };
    const smtp = this.#smtp;
    this.#message.setNumber(this.#number++);
    await smtp.command('MAIL FROM:<sender@client.test>', 250);
    await smtp.command(`RCPT TO:<${this.#account}>`, 250);
    await smtp.command('DATA', 354);
    await smtp.wire.write(this.#message.data);
    await smtp.expect('the message', 250);
    // Delivered is when it can be seen.
    let uid = await this.#unseen();
    while (uid === undefined) {
      await sleep(1);
      uid = await this.#unseen();
    }
    lap('deliver');
    await this.#imap.ok(`UID FETCH ${uid} (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)`);
    lap('list');
    const got = await this.#imap.ok(`UID FETCH ${uid} (BODY.PEEK[])`);
    const raw = got.untagged.find((response) => response.literals.length > 0)?.literals[0];
    if (!raw?.subarray(-40).equals(this.#message.data.subarray(-43, -3))) throw new Error('another message came back');
    lap('get');
    await this.#imap.ok(`UID STORE ${uid} +FLAGS (\\Seen)`);
    lap('flag');
    const moved = await this.#imap.ok(`UID MOVE ${uid} Archive`);
    lap('move');
    const copyUid = [...moved.untagged.map((response) => response.text), moved.text].join('\n');
    const target = /COPYUID \d+ \S+ (\d+)/.exec(copyUid)?.[1];
    await this.#imap.ok('SELECT Archive');
    await this.#imap.ok(`UID STORE ${target ?? '1:*'} +FLAGS.SILENT (\\Deleted)`);
    await this.#imap.ok(target === undefined ? 'EXPUNGE' : `UID EXPUNGE ${target}`);
    await this.#imap.ok('SELECT INBOX');
    lap('delete');
  }

  async #unseen(): Promise<number | undefined> {
    const answer = await this.#imap.ok('UID SEARCH UNSEEN');
    const text = answer.untagged.map((response) => response.text).find((line) => line.startsWith('* SEARCH'));
    const uid = text?.split(' ')[2];
    return uid === undefined ? undefined : Number(uid);
  }

  async close(): Promise<void> {
    await this.#smtp.quit();
    await this.#imap.logout();
  }
}
