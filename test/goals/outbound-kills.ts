/**
 * KILLS: the real service passes mail on while it is killed again and again. Programs hand each mail in until it is acknowledged, as
 * they do; what was acknowledged arrives, and comes twice only where its attempt was under way at a kill.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { OUTBOUND_LIMITS } from '../../src/delivery/limits.ts';
import { signIn } from '../client/rest.ts';
import { SmtpClient } from '../client/smtp.ts';
import { addAccounts, pabal, Service } from '../service.ts';
import { PATIENCE_MS, until } from '../support/until.ts';
import { byForm, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';

const PASSWORD = 'a good password';
const USERS = Array.from({ length: 10 }, (_, i) => `user${i}@kills.test`);
/** One destination: so many attempts are under way at most. */
const AT_ONCE = OUTBOUND_LIMITS.perDestination;
/** The next server takes its time for each mail, up to so many milliseconds: some attempts are always under way. */
const SLOWEST_MS = 25;

interface Plan {
  readonly mails: number;
  readonly kills: number;
  readonly seed: number;
  readonly data: string;
  readonly say: (text: string) => void;
  /** Sabotage: of so many mails the next server says that it took them, and forgets one. */
  readonly forgets?: number;
}

export const goal: Goal = {
  id: 'KILLS',
  title:
    'mail that was taken leaves, however often the service is killed, and comes twice only where its attempt was under way',
  // In `npm test` the system test of outgoing mail kills it once.
  forms: ['quick', 'full'],

  async control({ seed, folder, say }) {
    const { violations } = await play({ mails: 60, kills: 0, seed, data: `${folder}/control`, say, forgets: 10 });
    return violations.find((violation) => violation.includes('lost'));
  },

  async run({ form, seed, folder, say }: GoalContext): Promise<GoalResult> {
    const mails = byForm(form, { smoke: 30, quick: 400, full: 5_000 });
    const kills = byForm(form, { smoke: 1, quick: 10, full: 100 });
    return await play({ mails, kills, seed, data: `${folder}/data`, say });
  },
};

async function play({ mails, kills, seed, data, say, forgets = Infinity }: Plan): Promise<GoalResult> {
  const random = new SeededRandom(seed);
  await using sink = await Sink.start(random, forgets);
  const options = {
    data,
    sandbox: false,
    set: { hostname: 'mx.kills.test', 'outbound.relay': sink.address, 'tls.allow_plaintext_login': 'always' },
  };
  let running = Service.start(options);
  const over = new AbortController();
  await using _end = {
    [Symbol.asyncDispose]: async () => {
      over.abort();
      // One that did not start has said so already.
      await running.then(
        (service) => service[Symbol.asyncDispose](),
        () => undefined,
      );
    },
  };
  await running;
  await addAccounts(data, USERS, PASSWORD);
  const acked = new Set<number>();
  const waiting = Array.from({ length: mails }, (_, i) => i);
  const handedIn = Promise.all(
    USERS.map((user) =>
      program(
        user,
        waiting,
        () => running,
        (mail) => acked.add(mail),
        over.signal,
      ),
    ),
  );
  let killed = 0;
  for (; killed < kills; killed++) {
    const next = sink.taken.length + 1 + random.below(Math.ceil((2 * mails) / (kills + 1)));
    await until('mail goes on', () => sink.taken.length >= next || acked.size === mails);
    if (acked.size === mails) break;
    await (await running).kill();
    // What is in the network still arrives, and belongs to before.
    await until('the connections end', () => sink.idle);
    sink.segment++;
    running = Service.start(options);
    await running;
    if ((killed + 1) % 10 === 0) say(`${killed + 1} kills, ${acked.size} acknowledged, ${sink.taken.length} taken`);
  }
  await handedIn;
  const sent = await allSent(await running, mails);
  await (await running).stop();
  const { code, stdout } = await pabal(['verify', '--data', data]);
  const told = judge(sink, acked);
  return {
    ...told,
    runs: mails,
    faults: killed,
    acked: acked.size,
    violations: [
      ...told.violations,
      ...(sent === mails ? [] : [`the senders see ${sent} of ${mails} mails as sent`]),
      ...(code === 0 ? [] : [`pabal verify: ${stdout.slice(0, 300)}`]),
    ],
  };
}

/** Hands in mail after mail, each until it is acknowledged. */
async function program(
  user: string,
  waiting: number[],
  service: () => Promise<Service>,
  acked: (mail: number) => void,
  over: AbortSignal,
): Promise<void> {
  let smtp: SmtpClient | undefined;
  for (let mail = waiting.shift(); mail !== undefined && !over.aborted; ) {
    try {
      if (smtp === undefined) {
        smtp = await SmtpClient.connect((await service()).at('submission'));
        await smtp.login(user, PASSWORD);
      }
      const header = [
        `From: <${user}>`,
        'To: <x@next.test>',
        `Subject: k${mail}`,
        `Message-ID: <k${mail}@client.test>`,
      ];
      const [reply] = await smtp.send(user, ['x@next.test'], Buffer.from(`${header.join('\r\n')}\r\n\r\nx\r\n`));
      if (reply?.code !== 250) throw new Error(`the mail was answered ${reply?.code}`);
      acked(mail);
      mail = waiting.shift();
    } catch {
      await smtp?.[Symbol.asyncDispose]();
      smtp = undefined;
      await sleep(20);
    }
  }
  await smtp?.[Symbol.asyncDispose]();
}

/** How many mails went, as their senders see it, once it is all of them: a service that was killed has some of it to do once more. */
async function allSent(service: Service, mails: number): Promise<number> {
  const apis = await Promise.all(USERS.map((user) => signIn(service, user, PASSWORD)));
  let before = -1;
  for (let since = performance.now(); ; await sleep(100)) {
    let sent = 0;
    for (const api of apis) sent += await sentBy(api);
    if (sent >= mails) return sent;
    if (sent > before) [before, since] = [sent, performance.now()];
    if (performance.now() - since > PATIENCE_MS) return sent;
  }
}

/** Recipients whose mail went, of all that one has sent. */
async function sentBy(api: Awaited<ReturnType<typeof signIn>>): Promise<number> {
  let sent = 0;
  for (let cursor = ''; ; ) {
    const { items, next } = (await api.get(`/v1/submissions?limit=100${cursor}`)) as {
      items: { recipients: { sent?: number } }[];
      next?: string | null;
    };
    for (const { recipients } of items) sent += recipients.sent ?? 0;
    if (!next) return sent;
    cursor = `&cursor=${encodeURIComponent(next)}`;
  }
}

function judge({ taken, segment: kills }: Sink, acked: ReadonlySet<number>): GoalResult {
  const segments = new Map<number, number[]>();
  for (const { mail, segment } of taken) segments.set(mail, [...(segments.get(mail) ?? []), segment]);
  const lost = [...acked].filter((mail) => !segments.has(mail)).map((mail) => `k${mail}`);
  const unasked: string[] = [];
  const atKill = Array<number>(kills).fill(0);
  for (const [mail, times] of segments)
    for (const [i, segment] of times.slice(1).entries()) {
      const first = times[i] ?? 0;
      if (first === segment) unasked.push(`k${mail}`);
      else atKill[first] = (atKill[first] ?? 0) + 1;
    }
  const repeated = atKill.reduce((sum, count) => sum + count, 0);
  const most = Math.max(0, ...atKill);
  return result({
    lost: lost.length,
    duplicated: repeated + unasked.length,
    violations: [
      ...several('acknowledged mails are lost', lost),
      ...several('mails came twice without a kill', unasked),
      ...(most > AT_ONCE
        ? [`${most} mails came again after one kill, and ${AT_ONCE} attempts are under way at most`]
        : []),
    ],
    figures: { repeated, mostAfterOneKill: most, attemptsAtOnce: AT_ONCE },
  });
}

/** The next server: says yes to everything, a little later, and remembers what it took. */
class Sink implements AsyncDisposable {
  readonly taken: { readonly mail: number; readonly segment: number }[] = [];
  /** Kills so far. */
  segment = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #random: SeededRandom;
  readonly #forgets: number;
  #underWay = 0;
  #ended = 0;

  private constructor(random: SeededRandom, forgets: number) {
    this.#random = random;
    this.#forgets = forgets;
    this.#server = createServer((socket) => this.#converse(socket));
  }

  static async start(random: SeededRandom, forgets: number): Promise<Sink> {
    const sink = new Sink(random, forgets);
    await new Promise<void>((resolve) => sink.#server.listen(0, '127.0.0.1', resolve));
    return sink;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  get idle(): boolean {
    return this.#sockets.size === 0 && this.#underWay === 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #converse(socket: Socket): void {
    this.#sockets.add(socket);
    let pending = '';
    let inData = false;
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.write('220 next.test\r\n');
    socket.setEncoding('latin1').on('data', (text: string) => {
      pending += text;
      for (;;) {
        const mark = inData ? '\r\n.\r\n' : '\r\n';
        const at = pending.indexOf(mark);
        if (at < 0) return;
        const line = pending.slice(0, at);
        pending = pending.slice(at + mark.length);
        if (inData) void this.#take(line, socket);
        else if (line === 'QUIT') socket.end('221 Bye\r\n');
        else if (line.startsWith('EHLO')) socket.write('250-next.test\r\n250 PIPELINING\r\n');
        else socket.write(line === 'DATA' ? '354 Go on\r\n' : '250 2.0.0 Fine\r\n');
        inData = !inData && line === 'DATA';
      }
    });
  }

  /** A server that has a mail keeps it, whoever is left to hear so. */
  async #take(text: string, socket: Socket): Promise<void> {
    this.#underWay++;
    await sleep(this.#random.below(SLOWEST_MS));
    const mail = Number(/^Subject: k(\d+)$/m.exec(text)?.[1]);
    if (++this.#ended % this.#forgets !== 0) this.taken.push({ mail, segment: this.segment });
    this.#underWay--;
    socket.write('250 2.0.0 Taken\r\n');
  }
}
