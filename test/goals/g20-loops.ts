/**
 * G20: mail that would go round for ever. Three domains of ours, each a service of its own on a store of its own, and others' servers that pass on, answer
 * everything or refuse; whatever the circle is made of, it ends, and nobody is answered twice, also when services are killed while
 * mail goes round.
 */
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import type { OutgoingMail, Outcome, Transfer } from '../../src/delivery/transfer.ts';
import { MailError } from '../../src/mail/error.ts';
import { crashingKv } from '../support/crashing-kv.ts';
import { SYSTEM } from '../support/mail-store.ts';
import { ALICE, BOB, CAROL, INBOX, type Sending, sendingWorld, subjects } from '../support/sending.ts';
import { settle } from '../support/settle.ts';
import { byForm, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Promised. */
const MOST_MESSAGES = 60;
/** Writes among which the one is drawn at which a service dies. */
const WRITES = 25;
const DOMAINS = ['a.test', 'b.test', 'c.test'];

type Take = (from: string, to: string, raw: string) => Promise<Outcome>;

const taken: Outcome = { kind: 'delivered', host: 'mx', reply: '250 ok', dsnRelayed: false, tls: undefined };
const refusal = (kind: 'temporary' | 'permanent', status: string, reply?: string): Outcome => ({
  kind,
  status,
  reply,
  host: 'mx',
  reason: reply ?? 'nobody answers',
});

/** All servers there are, and what goes between them. */
class Internet {
  readonly servers = new Map<string, Take>();
  /** Mails that came from a server that is not ours. */
  fromElsewhere = 0;
  /** Mails handed from one server to another, whatever became of them. */
  brought = 0;
  /** Message-IDs of automatic answers, by who answers whom. */
  readonly answers = new Map<string, Set<string>>();
  readonly #changed: (raw: string) => string;

  constructor(changed: (raw: string) => string) {
    this.#changed = changed;
  }

  readonly transfer: Transfer = {
    transfer: async (domain, mail, recipients) => {
      const raw = await rawOf(mail);
      return Promise.all(recipients.map(({ address }) => this.bring(domain, mail.sender, address, raw)));
    },
    close: () => Promise.resolve(),
  };

  async bring(domain: string, from: string, to: string, raw: string): Promise<Outcome> {
    this.brought++;
    const by = /^From: .*?([^<\s]+@[a-c]\.test)/m.exec(raw)?.[1];
    if (/^Auto-Submitted: auto-replied/m.test(raw) && by !== undefined && !/daemon|postmaster/i.test(by)) {
      const whom = `${by} to ${/^To: .*?([^<\s]+@[^>\s]+)/m.exec(raw)?.[1]}`;
      this.answers.set(whom, (this.answers.get(whom) ?? new Set()).add(/^Message-ID: (.*)$/im.exec(raw)?.[1] ?? ''));
    }
    return (await this.servers.get(domain)?.(from, to, this.#changed(raw))) ?? taken;
  }

  /** Another's server that does something with what it takes, as soon as it has taken it. */
  outside(domain: string, then: (from: string, raw: string) => readonly [from: string, to: string, raw: string]): void {
    this.servers.set(domain, async (from, _to, raw) => {
      const [sender, to, next] = then(from, raw);
      // One that is told to come again later gives up here: what counts is that it ends.
      if (to !== '' && this.fromElsewhere++ < MOST_MESSAGES * 2)
        setImmediate(() => void this.bring(to.slice(to.lastIndexOf('@') + 1), sender, to, next).catch(() => undefined));
      return taken;
    });
  }
}

/** A service of ours that may die. */
class Node {
  readonly world: Awaited<ReturnType<typeof sendingWorld>>;
  readonly #transfer: Transfer;
  run!: Sending;
  crash!: ReturnType<typeof crashingKv>;

  private constructor(world: Node['world'], transfer: Transfer) {
    this.world = world;
    this.#transfer = transfer;
  }

  static async start(domain: string, internet: Internet): Promise<Node> {
    const world = await sendingWorld({ domain, mailsPerHour: Number.MAX_SAFE_INTEGER });
    const node = new Node(world, internet.transfer);
    internet.servers.set(domain, (from, to, raw) => node.take(from, to, raw));
    await node.begin(Number.MAX_SAFE_INTEGER);
    return node;
  }

  /** Dies at that write. */
  async begin(at: number, applied = false): Promise<void> {
    this.crash = crashingKv(this.world.kv, { at, applied });
    this.run = await this.world.start(this.crash.kv, this.#transfer);
  }

  /** After a kill, or instead of one. Answers how often it died on its way up. */
  async again(next: () => readonly [at: number, applied: boolean]): Promise<number> {
    this.run.stop();
    void this.run[Symbol.asyncDispose]().catch(() => undefined);
    for (let died = 0; ; died++) {
      try {
        await this.begin(...next());
        return died;
      } catch (error) {
        if (!this.crash.dead) throw error;
      }
    }
  }

  async take(from: string, to: string, raw: string): Promise<Outcome> {
    if (this.crash.dead) return refusal('temporary', '4.4.1');
    try {
      await this.run.arrives(from, to, raw);
      return taken;
    } catch (error) {
      const isFinal = error instanceof MailError && error.kind === 'user';
      return refusal(isFinal ? 'permanent' : 'temporary', isFinal ? '5.1.1' : '4.3.0', (error as Error).message);
    }
  }

  async rules(account: typeof ALICE, script: string): Promise<void> {
    using opened = await this.run.mailstore.open(SYSTEM, account);
    await this.run.scripts.put(opened, 'all', script);
    await this.run.scripts.activate(opened, 'all');
  }

  async waiting(): Promise<number> {
    const { intake, outbound } = await this.run.queue.counts();
    return intake.waiting + outbound.waiting;
  }

  /** Mails that came to be here: passed on, answered, reported. */
  async made(): Promise<number> {
    let made = 0;
    for (const account of [ALICE, BOB, CAROL]) {
      using opened = await this.run.mailstore.open(SYSTEM, account);
      made += (await opened.outgoing.list({ limit: 1000 })).length;
      made += (await subjects(opened, INBOX)).filter((subject) => subject.startsWith('Undelivered')).length;
    }
    return made;
  }
}

async function rawOf({ body }: OutgoingMail): Promise<string> {
  return Buffer.concat(await Array.fromAsync(body())).toString('latin1');
}

const forward = (...to: string[]): string => to.map((one) => `redirect "${one}";\n`).join('');
const copying = (to: string): string => `require "copy";\nredirect :copy "${to}";\n`;
const AWAY = 'require "vacation";\nvacation :days 7 "away";\n';
const traced = (domain: string, raw: string): string =>
  `Received: by ${domain}; Sat, 21 Nov 2026 00:00:00 +0000\r\n${raw}`;
const withoutDeliveredTo = (raw: string): string => raw.replaceAll(/^Delivered-To: .*\r\n/gm, '');
let robots = 0;
const answerTo = (to: string): string =>
  `From: robot@robot.test\r\nTo: ${to}\r\nSubject: I am a robot\r\nMessage-ID: <r${robots++}@robot.test>\r\n\r\nbeep\r\n`;

interface Circle {
  readonly what: string;
  set(nodes: readonly [Node, Node, Node], internet: Internet): Promise<unknown>;
}

const CIRCLES: readonly Circle[] = [
  { what: 'to oneself', set: ([a]) => a.rules(ALICE, forward('alice@a.test')) },
  {
    what: 'between two domains',
    set: ([a, b]) => Promise.all([a.rules(ALICE, forward('alice@b.test')), b.rules(ALICE, forward('alice@a.test'))]),
  },
  {
    what: 'over three domains',
    set: ([a, b, c]) =>
      Promise.all([
        a.rules(ALICE, forward('alice@b.test')),
        b.rules(ALICE, forward('alice@c.test')),
        c.rules(ALICE, forward('alice@a.test')),
      ]),
  },
  {
    what: 'over names of the same people',
    set: ([a, b]) =>
      Promise.all([a.rules(ALICE, forward('alice+x@b.test')), b.rules(ALICE, forward('alice+y@a.test'))]),
  },
  {
    what: 'everybody to all others',
    set: ([a, b, c]) =>
      Promise.all([
        a.rules(ALICE, forward('alice@b.test', 'alice@c.test')),
        b.rules(ALICE, forward('alice@a.test', 'alice@c.test')),
        c.rules(ALICE, forward('alice@a.test', 'alice@b.test')),
      ]),
  },
  {
    what: 'with copies kept, and over a colleague',
    set: ([a, b]) =>
      Promise.all([
        a.rules(ALICE, copying('bob@a.test')),
        a.rules(BOB, copying('alice@b.test')),
        b.rules(ALICE, copying('alice@a.test')),
      ]),
  },
  {
    what: 'two who are away answer each other',
    set: async ([a, b]) => {
      await Promise.all([a.rules(ALICE, AWAY), b.rules(ALICE, AWAY)]);
      const hello = 'From: alice@b.test\r\nTo: alice@a.test\r\nSubject: hello\r\nMessage-ID: <h@b.test>\r\n\r\nhi\r\n';
      await a.take('alice@b.test', 'alice@a.test', hello);
    },
  },
  {
    what: 'somebody who is away, and a robot that answers everything',
    set: async ([a], internet) => {
      internet.outside('robot.test', (from) => [
        'robot@robot.test',
        from === '' ? 'alice@a.test' : from,
        answerTo(from),
      ]);
      await a.rules(ALICE, AWAY);
      await a.take('robot@robot.test', 'alice@a.test', answerTo('alice@a.test'));
    },
  },
  {
    what: 'forwarding and being away at once',
    set: ([a, b]) =>
      Promise.all([a.rules(ALICE, AWAY + forward('alice@b.test')), b.rules(ALICE, AWAY + forward('alice@a.test'))]),
  },
  {
    what: 'over another service that removes Delivered-To',
    set: ([a], internet) => {
      internet.outside('far.test', (from, raw) => [from, 'alice@a.test', traced('far.test', withoutDeliveredTo(raw))]);
      return a.rules(ALICE, forward('x@far.test'));
    },
  },
  {
    what: 'over a list that changes the mail each time',
    set: ([a, b], internet) => {
      let issue = 0;
      internet.outside('list.test', (_from, raw) => [
        'owner@list.test',
        'alice@a.test',
        `${traced('list.test', `List-Id: <l.list.test>\r\n${withoutDeliveredTo(raw)}`)}footer ${issue++}\r\n`,
      ]);
      return Promise.all([a.rules(ALICE, forward('alice@b.test')), b.rules(ALICE, forward('l@list.test'))]);
    },
  },
  {
    what: 'to where it is refused, and the report goes round',
    set: ([a, b], internet) => {
      for (const domain of ['bad.test', 'author.test'])
        internet.servers.set(domain, () => Promise.resolve(refusal('permanent', '5.1.1', '550 nobody')));
      return Promise.all([
        a.rules(ALICE, forward('alice@b.test')),
        b.rules(ALICE, forward('x@bad.test', 'alice@a.test')),
      ]);
    },
  },
];

const MAIL =
  'From: Kim <kim@author.test>\r\nTo: alice@a.test\r\nSubject: hello\r\nMessage-ID: <1@author.test>\r\n\r\ntext\r\n';

interface Told {
  readonly messages: number;
  readonly answers: number;
  readonly kills: number;
  readonly violations: readonly string[];
}

async function play(
  circle: Circle,
  kills: number,
  random: SeededRandom,
  changed = (raw: string) => raw,
): Promise<Told> {
  const internet = new Internet(changed);
  const nodes = (await Promise.all(DOMAINS.map((domain) => Node.start(domain, internet)))) as [Node, Node, Node];
  let killed = 0;
  const next = (): [number, boolean] =>
    killed++ < kills ? [1 + random.below(WRITES), random.below(2) === 0] : [Number.MAX_SAFE_INTEGER, false];
  await circle.set(nodes, internet);
  let died = 0;
  if (kills > 0) for (const node of nodes) died += await node.again(next);
  let handedIn = false;
  let quiet = 0;
  for (let step = 0; step < 400 && quiet < 3 && internet.brought < 4 * MOST_MESSAGES; step++) {
    // As a server does that is told to come again.
    handedIn ||= (await nodes[0].take('kim@author.test', 'alice@a.test', MAIL)).kind === 'delivered';
    await settle(80);
    let waiting = handedIn ? 0 : 1;
    for (const node of nodes) {
      if (node.crash.dead) died += 1 + (await node.again(next));
      waiting += await node.waiting();
    }
    quiet = waiting === 0 ? quiet + 1 : 0;
    for (const node of nodes) await node.world.clock.advance(step < 60 ? MINUTE : HOUR);
  }
  for (const node of nodes) if (node.crash.dead) died += 1 + (await node.again(() => [Number.MAX_SAFE_INTEGER, false]));
  const messages = await total(nodes, internet);
  const many = [...internet.answers].filter(([, ids]) => ids.size > 1).map(([whom, ids]) => `${whom}: ${ids.size}`);
  for (const { run } of nodes) await run[Symbol.asyncDispose]();
  return {
    messages,
    answers: internet.answers.size,
    kills: died,
    violations: [
      ...(messages > MOST_MESSAGES ? [`${circle.what}: ${messages} messages`] : []),
      ...(quiet < 3 ? [`${circle.what}: it does not end`] : []),
      ...several(`answers too many, ${circle.what}`, many),
    ],
  };
}

async function total(nodes: readonly Node[], internet: Internet): Promise<number> {
  const made = await Promise.all(nodes.map((node) => node.made()));
  return made.reduce((sum, one) => sum + one, 1 + internet.fromElsewhere);
}

export const goal: Goal = {
  id: 'G20',
  title: 'mail that goes round ends, and nobody is answered twice',

  /** A network that removes every trace of the way a mail has come. */
  async control({ seed }) {
    const untraced = (raw: string): string => {
      const [head = '', ...rest] = raw.split('\r\n\r\n');
      const kept = `${head}\r\n`.replaceAll(
        /^(?:Received|Delivered-To|X-Pabal[^:]*|Message-ID):.*\r\n(?:[ \t].*\r\n)*/gim,
        '',
      );
      return [`Message-ID: <${robots++}@lost.test>\r\n${kept.trimEnd()}`, ...rest].join('\r\n\r\n');
    };
    const { violations } = await play(CIRCLES[1]!, 0, new SeededRandom(seed), untraced);
    return violations.find((violation) => violation.includes('messages') || violation.includes('end'));
  },

  async run({ form, seed, say }: GoalContext): Promise<GoalResult> {
    const random = new SeededRandom(seed);
    // One of each kind, where there is little time.
    const circles = form === 'smoke' ? CIRCLES.filter((_, i) => i % 3 === 1) : CIRCLES;
    const rounds = byForm(form, { smoke: 1, quick: 3, full: 20 });
    const kills = byForm(form, { smoke: 1, quick: 3, full: 6 });
    const violations: string[] = [];
    let [runs, faults, most, answers] = [0, 0, 0, 0];
    for (let round = 0; round < rounds; round++)
      for (const circle of circles) {
        // The first time nobody dies.
        const told = await play(circle, round === 0 && form !== 'smoke' ? 0 : kills, random);
        say(`${circle.what}: ${told.messages} messages, ${told.kills} kills`);
        runs++;
        faults += told.kills;
        answers += told.answers;
        most = Math.max(most, told.messages);
        violations.push(...told.violations);
      }
    return result({
      runs,
      faults,
      violations,
      figures: { circles: circles.length, mostMessages: most, answers, seed },
    });
  },
};
