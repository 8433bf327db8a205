/** G13: whatever some server takes for the end of a message, wherever the network cuts it: one envelope, one message. */
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemClock } from '../../src/adapters/clock-system.ts';
import { StaticResolver } from '../../src/adapters/resolver-static.ts';
import type { Hop } from '../../src/delivery/route.ts';
import { SmtpTransfer } from '../../src/delivery/smtp-transfer.ts';
import { TlsPolicies } from '../../src/delivery/tls/policy.ts';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { Service } from '../service.ts';
import { PATIENCE_MS } from '../support/until.ts';
import { byForm, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';
import { oneSource } from '../support/one-source.ts';

const ENDINGS: readonly string[] = [
  '\n.\n',
  '\n.\r\n',
  '\r\n.\n',
  '\r.\r',
  '\r\n.\r',
  '\r.\r\n',
  '\n.\r',
  '\r.\n',
  '\r\n.\0\r\n',
  '\r\n..\r\n',
  '\r\n. \r\n',
  '\r\n .\r\n',
  '\r\n.\t\r\n',
  '\r\r\n.\r\r\n',
  '\r\n.\r\r\n',
  '\r\n\0.\r\n',
  '\n\n.\n\n',
  '\u0085.\u0085',
  '\v.\v',
  '\r\n.\n\r\n',
];
/** Where the packet ends: bytes after the beginning of the false ending. */
const SPLITS: readonly number[] = [-3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 10, 20, 40, 80];

interface Way {
  readonly protocol: 'smtp' | 'lmtp' | 'submission';
  readonly chunked: boolean;
}
const WAYS: readonly Way[] = (['smtp', 'lmtp', 'submission'] as const).flatMap((protocol) => [
  { protocol, chunked: false },
  { protocol, chunked: true },
]);

export const goal: Goal = {
  id: 'G13',
  title: 'one envelope carries one message, however its end is faked and cut, on each of our hops (D1 to D3)',

  /** A server that takes LF.LF for an end, as several did. */
  async control() {
    const server = await lenientServer();
    const address = `127.0.0.1:${(server.address() as { port: number }).port}`;
    const taken: number[] = [];
    for (const split of SPLITS) {
      const way: Way = { protocol: 'smtp', chunked: false };
      taken.push((await smuggle(address, way, '\n.\n', split, 'outer@mail.test', 'inner@mail.test')).accepted);
    }
    server.close();
    const seen = taken.filter((count) => count > 1).length;
    return seen > 0 ? `${seen} of ${taken.length} tries had two messages accepted` : undefined;
  },

  async run({ form, say }: GoalContext): Promise<GoalResult> {
    await using service = await Service.start();
    const ways = byForm(form, { smoke: WAYS.slice(0, 2), quick: WAYS, full: WAYS });
    const violations: string[] = [];
    let runs = 0;
    let accepted = 0;
    for (const way of ways) {
      const outer = `outer.${way.protocol}.${way.chunked}@mail.test`;
      const inner = `inner.${way.protocol}.${way.chunked}@mail.test`;
      const tries = ENDINGS.flatMap((ending) => SPLITS.map((split) => [ending, split] as const));
      let here = 0;
      const lane = async (): Promise<void> => {
        for (let one = tries.shift(); one !== undefined; one = tries.shift()) {
          runs++;
          const told = await smuggle(service.at(way.protocol), way, one[0], one[1], outer, inner);
          here += told.accepted;
          if (told.accepted > 1)
            violations.push(`${name(way)}, ${JSON.stringify(one[0])} cut at ${one[1]}: ${told.accepted} accepted`);
        }
      };
      await Promise.all([lane(), lane(), lane(), lane()]);
      accepted += here;
      const [there, smuggled] = [await stored(service, outer, here), await stored(service, inner, 0)];
      if (smuggled > 0) violations.push(`${name(way)}: ${smuggled} messages reached the smuggled recipient`);
      if (there !== here) violations.push(`${name(way)}: ${there} messages are stored, ${here} were accepted`);
      say(`${name(way)}: ${here} accepted, ${there} stored`);
    }
    for (const chunked of [false, true]) {
      const out = await outbound(chunked);
      runs += out.runs;
      accepted += out.taken;
      violations.push(...out.violations);
      say(`out ${chunked ? 'BDAT' : 'DATA'}: ${out.taken} of ${out.runs} taken`);
    }
    return result({
      runs,
      faults: runs,
      acked: accepted,
      violations: several('findings', violations),
      figures: {
        endings: ENDINGS.length,
        splits: SPLITS.length,
        ways: [...ways.map(name), 'out DATA', 'out BDAT'],
        accepted,
      },
    });
  },
};

function name({ protocol, chunked }: Way): string {
  return `${protocol} ${chunked ? 'BDAT' : 'DATA'}`;
}

/** One try; answers how many messages the server said it took. */
async function smuggle(
  address: string,
  { protocol, chunked }: Way,
  ending: string,
  split: number,
  outer: string,
  inner: string,
): Promise<{ readonly accepted: number }> {
  const lmtp = protocol === 'lmtp';
  await using smtp = await SmtpClient.connect(address, { lmtp });
  if (protocol === 'submission') {
    await smtp.startTls();
    await smtp.login(outer, 'pass');
  }
  const from = protocol === 'submission' ? outer : 'a@client.test';
  const second = `MAIL FROM:<${from}>\r\nRCPT TO:<${inner}>\r\nDATA\r\nSubject: smuggled\r\n\r\nx`;
  const id = `${protocol}.${String(chunked)}.${Buffer.from(ending, 'latin1').toString('hex')}.${split}`;
  const content = `Message-ID: <${id}@client.test>\r\nSubject: outer\r\n\r\nx${ending}${second}\r\n`;
  await smtp.command(`MAIL FROM:<${from}>`, 250);
  await smtp.command(`RCPT TO:<${outer}>`, 250);
  let text = `${content}.\r\n`;
  if (chunked) text = `BDAT ${content.length} LAST\r\n${content}`;
  else await smtp.command('DATA', 354);
  const bytes = Buffer.from(`${text}QUIT\r\n`, 'latin1');
  const at = Math.max(0, Math.min(bytes.length, text.indexOf(ending) + split));
  const sent = smtp.wire
    .write(bytes.subarray(0, at))
    .then(() => new Promise((resolve) => setImmediate(resolve)))
    .then(() => smtp.wire.write(bytes.subarray(at)));
  // The server may hang up on the rest.
  await sent.catch(() => undefined);
  const answer = (await smtp.wire.rest()).toString('latin1');
  return { accepted: answer.split('\r\n').filter((line) => line.startsWith('250 2.0.0 ')).length };
}

/** Our own way out, to a server that takes any newline, dot, newline for the end: the body reaches us cut as the network would. */
async function outbound(
  chunked: boolean,
): Promise<{ readonly runs: number; readonly taken: number; readonly violations: string[] }> {
  let taken = 0;
  const server = await lenientServer(chunked, () => taken++);
  const { port } = server.address() as { port: number };
  const hop: Hop = {
    host: 'lenient.test',
    port,
    addresses: [{ address: '127.0.0.1', family: 4 }],
    authenticated: false,
  };
  const transfer = new SmtpTransfer({
    router: { route: (domain) => Promise.resolve({ kind: 'hops', hops: [hop], domain }) },
    tls: new TlsPolicies({ resolver: new StaticResolver({}) }),
    clock: new SystemClock(),
    sources: oneSource('pabal.test', new SystemClock()),
  });
  const violations: string[] = [];
  let runs = 0;
  for (const ending of ENDINGS)
    for (const split of SPLITS) {
      const second = 'MAIL FROM:<a@client.test>\r\nRCPT TO:<inner@mail.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nx';
      const text = `Subject: outer\r\n\r\nx${ending}${second}\r\n`;
      const bytes = Buffer.from(text, 'latin1');
      const at = Math.max(0, Math.min(bytes.length, text.indexOf(ending) + split));
      const before = taken;
      const [outcome] = await transfer.transfer(
        'lenient.test',
        {
          sender: 'a@client.test',
          size: bytes.length,
          body: async function* () {
            yield bytes.subarray(0, at);
            await new Promise((resolve) => setImmediate(resolve));
            yield bytes.subarray(at);
          },
          needs: { smtputf8: false, eightBit: false, binary: false },
          requireTls: false,
        },
        [{ address: 'outer@lenient.test' }],
        new AbortController().signal,
      );
      runs++;
      if (outcome?.kind !== 'delivered' || taken - before !== 1)
        violations.push(`out, ${JSON.stringify(ending)} cut at ${split}: ${taken - before} taken, ${outcome?.kind}`);
    }
  await transfer.close();
  server.close();
  return { runs, taken, violations };
}

async function stored(service: Service, account: string, atLeast: number): Promise<number> {
  await using imap = await ImapClient.connect(service.at('imap'));
  await imap.login(account, 'pass');
  let count = await imap.count('INBOX');
  for (const end = performance.now() + PATIENCE_MS; count < atLeast && performance.now() < end; await sleep(20))
    count = await imap.count('INBOX');
  return count;
}

/** Takes any newline for one; counts the messages it took. */
function lenientServer(chunked = false, took: () => void = () => undefined): Promise<Server> {
  const server = createServer((socket) => {
    let inData = false;
    let pending = '';
    const accept = (): void => {
      took();
      socket.write('250 2.0.0 Accepted\r\n');
    };
    socket.on('error', () => undefined);
    socket.write('220 lenient\r\n');
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1');
      for (;;) {
        const chunk = inData ? null : /^BDAT (\d+) LAST\r\n/.exec(pending);
        if (chunk !== null) {
          const size = chunk[0].length + Number(chunk[1]);
          if (pending.length < size) return;
          // What such a server passes on, it passes on with the line ends it sees.
          if (/(?:\r\n|\r|\n)\.(?:\r\n|\r|\n)/.test(pending.slice(0, size).replaceAll('\r\n.', '\r\n..'))) took();
          pending = pending.slice(size);
          accept();
          continue;
        }
        const end = inData ? /(?:\r\n|\r|\n)\.(?:\r\n|\r|\n)/.exec(pending) : /\r?\n/.exec(pending);
        if (!end) return;
        const line = pending.slice(0, end.index);
        pending = pending.slice(end.index + end[0].length);
        if (inData) accept();
        else if (line === 'QUIT') socket.end('221 bye\r\n');
        else if (line.startsWith('EHLO')) socket.write(`250-lenient\r\n250 ${chunked ? 'CHUNKING' : 'HELP'}\r\n`);
        else socket.write(line === 'DATA' ? '354 go on\r\n' : '250 2.1.0 fine\r\n');
        inData = !inData && line === 'DATA';
      }
    });
  });
  return new Promise((resolve) => void server.listen(0, '127.0.0.1', () => resolve(server)));
}
