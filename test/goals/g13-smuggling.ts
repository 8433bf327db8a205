/** G13: whatever some server takes for the end of a message, wherever the network cuts it: one envelope, one message. */
import { createServer, type Server } from 'node:net';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { Service } from '../service.ts';
import { byForm, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';

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
  title: 'one envelope carries one message, however its end is faked and cut',

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
    return result({
      runs,
      faults: runs,
      acked: accepted,
      violations: several('findings', violations),
      figures: { endings: ENDINGS.length, splits: SPLITS.length, ways: ways.map(name), accepted },
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
  await using smtp = await SmtpClient.connect(address, { lmtp, timeoutMs: 15_000 });
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

async function stored(service: Service, account: string, atLeast: number): Promise<number> {
  await using imap = await ImapClient.connect(service.at('imap'));
  await imap.login(account, 'pass');
  let count = await imap.count('INBOX');
  for (let tries = 0; count < atLeast && tries < 500; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    count = await imap.count('INBOX');
  }
  return count;
}

function lenientServer(): Promise<Server> {
  const server = createServer((socket) => {
    let inData = false;
    let pending = '';
    socket.on('error', () => undefined);
    socket.write('220 lenient\r\n');
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1');
      for (;;) {
        const end = inData ? /\r?\n\.\r?\n/.exec(pending) : /\r?\n/.exec(pending);
        if (!end) return;
        const line = pending.slice(0, end.index);
        pending = pending.slice(end.index + end[0].length);
        if (inData) socket.write('250 2.0.0 Accepted\r\n');
        else if (line === 'QUIT') socket.end('221 bye\r\n');
        else socket.write(line === 'DATA' ? '354 go on\r\n' : '250 2.1.0 fine\r\n');
        inData = !inData && line === 'DATA';
      }
    });
  });
  return new Promise((resolve) => void server.listen(0, '127.0.0.1', () => resolve(server)));
}
