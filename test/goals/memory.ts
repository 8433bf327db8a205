/** Memory: fifty mails of 50 MB at once, in and out, by a service that has 512 MB. */
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { limitsMissing, LimitedMemory } from '../lab/limited-memory.ts';
import { PeakMemory } from '../proc.ts';
import { Service } from '../service.ts';
import { byForm, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';

const MEMORY = 512 << 20;
const PASSWORD = 'pass';
/** A reply may wait until fifty mails are on the disk. */
const PATIENCE_MS = 600_000;
const READERS = 5;

interface Sent {
  readonly account: string;
  readonly sha256: string;
  /** Of the final reply; 0 when the connection was lost. */
  readonly code: number;
}

export const goal: Goal = {
  id: 'MEMORY',
  title: '512 MB of memory are enough for fifty mails of 50 MB at once',
  missing: limitsMissing,

  /** A server that keeps a mail in memory until it has all of it. */
  async control({ seed }) {
    using group = new LimitedMemory(160 << 20);
    const [command, ...words] = [
      ...group.command,
      process.execPath,
      new URL('sabotage/hoarding-server.ts', import.meta.url).pathname,
    ];
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'ignore'] });
    const exited = once(child, 'exit');
    try {
      const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
      const sent = await sendAll(line.trim(), 10, 20_000_000, seed);
      const lost = sent.filter(({ code }) => code !== 250).length;
      return lost > 0 && group.kills > 0 ? `it was killed, and ${lost} mails were lost` : undefined;
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
  },

  async run({ form, seed, say }: GoalContext): Promise<GoalResult> {
    const mails = byForm(form, { smoke: 5, quick: 50, full: 50 });
    const size = byForm(form, { smoke: 4_000_000, quick: 49_900_000, full: 49_900_000 });
    using group = new LimitedMemory(MEMORY);
    await using service = await Service.start({ under: group.command });
    using peak = new PeakMemory([service.pid]);
    const sent = await sendAll(service.at('smtp'), mails, size, seed);
    const receivedMiB = peak.mib();
    say(`received, ${receivedMiB} MiB at most`);
    const accepted = sent.filter(({ code }) => code === 250);
    const wrong = sent.filter(({ code }) => code !== 250 && code !== 452 && code !== 421 && code !== 451);
    const bad = await readAll(service.at('imap'), accepted);
    const violations = [
      ...(group.kills > 0 || !service.running ? ['the service was killed for its memory'] : []),
      ...several(
        'were answered otherwise than 250 or 4xx',
        wrong.map(({ account, code }) => `${account}: ${code}`),
      ),
      ...several('came out otherwise than they went in', bad),
      ...(accepted.length === 0 ? ['no mail was accepted'] : []),
    ];
    return result({
      runs: mails,
      faults: mails,
      acked: accepted.length,
      lost: bad.length,
      violations,
      figures: { mails, bytesEach: size, putOff: mails - accepted.length, receivedMiB, peakMiB: peak.mib() },
    });
  },
};

async function sendAll(address: string, count: number, size: number, seed: number): Promise<readonly Sent[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i): Promise<Sent> => {
      const account = `large${i}@mail.test`;
      const hash = createHash('sha256');
      try {
        await using client = await SmtpClient.connect(address, { timeoutMs: PATIENCE_MS });
        await client.command('MAIL FROM:<load@client.test>', 250);
        await client.command(`RCPT TO:<${account}>`, 250);
        await client.command('DATA', 354);
        for (const piece of largeMail(i, size, new SeededRandom(seed + i))) {
          hash.update(piece);
          await client.wire.write(piece);
        }
        await client.wire.write('.\r\n');
        const { code } = await client.reply();
        return { account, sha256: hash.digest('hex'), code };
      } catch (error) {
        const code = error instanceof Error && 'reply' in error ? (error.reply as { code: number }).code : 0;
        return { account, sha256: '', code };
      }
    }),
  );
}

/** By turns one attachment, lines of text, and two thousand parts. No line begins with a dot. */
function* largeMail(number: number, size: number, random: SeededRandom): Iterable<Buffer> {
  const line = (): string => `${Buffer.from(random.bytes(57)).toString('base64')}\r\n`;
  const block = Buffer.from(Array.from({ length: 400 }, line).join(''));
  const kind = number % 3;
  const header = ['From: load@client.test', `Subject: large ${number}`, 'MIME-Version: 1.0'];
  if (kind === 0) header.push('Content-Type: application/octet-stream', 'Content-Transfer-Encoding: base64');
  else header.push(kind === 1 ? 'Content-Type: text/plain' : 'Content-Type: multipart/mixed; boundary=b');
  yield Buffer.from(`${header.join('\r\n')}\r\n\r\n`);
  const part = Buffer.from('\r\n--b\r\nContent-Type: text/plain\r\n\r\n');
  for (let left = size - 1_000; left > 0; left -= block.length) {
    if (kind === 2) yield part;
    yield block;
  }
  if (kind === 2) yield Buffer.from('\r\n--b--\r\n');
}

/** Each mail as IMAP gives it, some at a time; answers those that are not as they were sent. */
async function readAll(imap: string, sent: readonly Sent[]): Promise<readonly string[]> {
  const waiting = [...sent];
  const bad: string[] = [];
  const reader = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const problem = await problemOf(imap, one);
      if (problem !== undefined) bad.push(`${one.account}: ${problem}`);
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
  return bad;
}

/** Undefined when the mail is in INBOX as it was sent. */
async function problemOf(address: string, { account, sha256 }: Sent): Promise<string | undefined> {
  await using imap = await ImapClient.connect(address, { timeoutMs: PATIENCE_MS });
  await imap.login(account, PASSWORD);
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until; ) {
    for await (const { raw } of imap.messages('INBOX')) {
      // Our trace lines stand before it.
      const own = raw.indexOf('From: load@client.test\r\n');
      const same = createHash('sha256').update(raw.subarray(own)).digest('hex') === sha256;
      return same ? undefined : `${raw.length} bytes that are others, the mail from ${own}`;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const elsewhere: string[] = [];
  for (const folder of ['Junk', 'Trash', 'Archive']) if ((await imap.count(folder)) > 0) elsewhere.push(folder);
  return elsewhere.length > 0 ? `it is in ${elsewhere.join(', ')}` : `it was not there after ${PATIENCE_MS / 1000} s`;
}
