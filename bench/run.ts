/**
 * `npm run bench -- inbound|lmtp|relay|lifecycle|imap|commands|idle|lag|pop3 [--peer | --peer-only] [--seconds N] ...`: one JSON line for each case and
 * subject, and with the peer one that says how they compare. What is measured and how: bench/README.md.
 */
import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { burdenChart } from './burden-chart.ts';
import { account } from './cases/account.ts';
import { burden } from './cases/burden.ts';
import { imapCommands } from './cases/commands.ts';
import { imapFolder, imapIdle } from './cases/imap.ts';
import { inbound } from './cases/inbound.ts';
import { lifecycle } from './cases/lifecycle.ts';
import { lag } from './cases/lag.ts';
import { pop3 } from './cases/pop3.ts';
import { type Relay, relay, Sink } from './cases/relay.ts';
import { search } from './cases/search.ts';
import { webHour } from './cases/web-hour.ts';
import { web } from './cases/web.ts';
import { Ours } from './ours.ts';
import { freePorts, Peer, type PeerOptions, peerMissing } from './peer.ts';
import { ourRelay, peerRelay, signerMissing } from './relays.ts';
import { round } from '../test/proc.ts';
import type { ServiceOptions } from '../test/service.ts';
import type { Subject } from './subject.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peer: { type: 'boolean', default: false },
    'peer-only': { type: 'boolean', default: false },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '1' },
    connections: { type: 'string', default: '20' },
    size: { type: 'string', default: '4700' },
    domains: { type: 'string', default: '20' },
    messages: { type: 'string' },
    'per-second': { type: 'string', default: '1' },
    generator: { type: 'string', default: 'client' },
    idle: { type: 'string', default: '2000' },
    'idle-tls': { type: 'string', default: '500' },
    unsigned: { type: 'boolean', default: false },
    set: { type: 'string', multiple: true, default: [] },
    profile: { type: 'string' },
    chart: { type: 'string' },
    corpus: { type: 'string' },
  },
});
const wantsPeer = values.peer || values['peer-only'];
const seconds = Number(values.seconds);
const messages = (otherwise: number): number => Number(values.messages ?? otherwise);
type Result = Readonly<Record<string, unknown>>;

/** One of those that are compared, started. */
interface Running {
  readonly name: Subject['name'];
  readonly version: string;
  readonly run: () => Promise<Result>;
}

/** Which figures of a case are compared (ours divided by the peer's), and which of them are better when smaller. */
interface Case {
  readonly start: (stack: AsyncDisposableStack) => Promise<readonly Running[]>;
  readonly compared: readonly string[];
}

/** A case on mail servers with mailboxes. */
function served(run: (subject: Subject) => Promise<Result>, compared: readonly string[], peer: PeerOptions = {}): Case {
  const start = async (stack: AsyncDisposableStack): Promise<readonly Running[]> => {
    const subjects: Subject[] = [];
    if (!values['peer-only']) subjects.push(stack.use(await Ours.start(ourOptions())));
    if (wantsPeer) subjects.push(stack.use(await Peer.start(peer)));
    return subjects.map((subject) => ({ ...pick(subject), run: () => run(subject) }));
  };
  return { start, compared };
}

/** A case on servers that pass mail on. */
function relayed(compared: readonly string[]): Case {
  const connections = Number(values.connections);
  const options = { seconds, connections, size: Number(values.size), domains: Number(values.domains) };
  const start = async (stack: AsyncDisposableStack): Promise<readonly Running[]> => {
    const [sinkPort, peerPort, signerPort] = await freePorts(3);
    const milter = values.unsigned ? undefined : `127.0.0.1:${signerPort}`;
    const sink = stack.use(await Sink.start(`127.0.0.1:${sinkPort}`));
    const relays: Relay[] = [];
    if (!values['peer-only'])
      relays.push(stack.use(await ourRelay(sink.address, connections, !values.unsigned, ourOptions())));
    if (wantsPeer) relays.push(stack.use(await peerRelay(sink.address, `127.0.0.1:${peerPort}`, milter)));
    return relays.map((one) => ({
      ...pick(one),
      run: async () => ({ signed: !values.unsigned, ...(await relay(one, sink, options)) }),
    }));
  };
  return { start, compared };
}

function pick({ name, version }: Pick<Subject, 'name' | 'version'>) {
  return { name, version };
}

function ourOptions(): ServiceOptions {
  const set = Object.fromEntries(
    values.set.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
  );
  // A profile for each thread, readable by Chrome's developer tools.
  const { profile } = values;
  return { set, env: profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` } };
}

const lastRate = new Map<string, number>();
const inboundCase = (lmtp: boolean): Case =>
  served(
    async (subject) => {
      const generator = values.generator === 'smtp-source' ? 'smtp-source' : 'client';
      const options = { seconds, connections: Number(values.connections), size: Number(values.size), lmtp };
      if (generator === 'smtp-source' && !lastRate.has(subject.name)) {
        // smtp-source wants a number of messages, so a second of load tells how many fit the time.
        const probe = await inbound(subject, { ...options, seconds: 1, generator: 'client' });
        lastRate.set(subject.name, probe.acceptedPerSecond);
      }
      return inbound(subject, { ...options, generator, expectedRate: lastRate.get(subject.name) ?? 500 });
    },
    ['acceptedPerSecond', 'visiblePerSecond', 'cpuMsPerMessage'],
  );
const folder = { messages: messages(100_000), idle: Number(values.idle), idleTls: Number(values['idle-tls']) };
const CASES: Readonly<Record<string, Case>> = {
  inbound: inboundCase(false),
  lmtp: inboundCase(true),
  relay: relayed(['acceptedPerSecond', 'relayedPerSecond', 'cpuMsPerMessage']),
  lifecycle: served(
    (subject) => lifecycle(subject, { seconds, users: Number(values.connections) }),
    ['cyclesPerSecond', 'cpuMsPerCycle'],
  ),
  imap: served((subject) => imapFolder(subject, folder), ['coldSelectMs', 'coldFetchFlagsMs', 'memoryMiB']),
  commands: served(
    (subject) => imapCommands(subject, { messages: messages(20_000) }),
    [
      'envelopeMs',
      'bodiesMs',
      'storeMs',
      'searchFlagMs',
      'searchSubjectMs',
      'searchBodyMs',
      'sortMs',
      'threadMs',
      'appendsPerSecond',
      'multiAppendsPerSecond',
      'idleMs',
    ],
    // Ours syncs what STORE changes before it answers.
    { fsync: 'always' },
  ),
  idle: served((subject) => imapIdle(subject, folder), []),
  pop3: served(
    (subject) => pop3(subject, { messages: messages(10_000) }),
    ['statMs', 'uidlMs', 'retrievedPerSecond', 'cpuMsPerMessage'],
  ),
};

/** Without a peer: on the store alone in this process, or on our service. */
const ALONE: Readonly<Record<string, () => Promise<Result>>> = {
  lag: async () => {
    await using ours = await Ours.start(ourOptions());
    return await lag(ours, { seconds, connections: Number(values.connections), size: Number(values.size) });
  },
  account: () => account({ messages: messages(500_000) }),
  web: async () => {
    await using ours = await Ours.start(ourOptions());
    return await web(ours, { messages: messages(100_000) });
  },
  'web-hour': async () => {
    await using ours = await Ours.start(ourOptions());
    return await webHour(ours, { messages: messages(3_600), perSecond: Number(values['per-second']) });
  },
  search: () => search({ messages: messages(100_000), corpus: values.corpus }),
  burden: async () => {
    const figures = await burden(messages(1_000), Number(values.size));
    if (values.chart !== undefined) await writeFile(values.chart, burdenChart(figures));
    return { ...figures };
  },
};

const names = positionals.length > 0 ? positionals : [...Object.keys(CASES), ...Object.keys(ALONE)];
for (const name of names) {
  if (!Object.hasOwn(CASES, name) && !Object.hasOwn(ALONE, name)) {
    const known = [...Object.keys(CASES), ...Object.keys(ALONE)];
    process.stderr.write(`there is no case '${name}': ${known.join(', ')}\n`);
    process.exit(2);
  }
}
const needsSigner = names.includes('relay') && !values.unsigned;
const missing = wantsPeer ? (peerMissing() ?? (needsSigner ? signerMissing() : undefined)) : undefined;
if (missing !== undefined) {
  process.stderr.write(`the peer cannot be measured: ${missing}\n`);
  process.exit(1);
}
for (const name of names) {
  const alone = ALONE[name];
  if (alone === undefined) await measure(name, CASES[name] as Case);
  else {
    const load = loadavg().map((value) => round(value));
    print({ case: name, ...(await alone()), date: new Date(), load });
  }
}

/** Each case on fresh data; subjects take turns, so that a change of the machine's load meets both. */
async function measure(name: string, one: Case): Promise<void> {
  await using subjects = new AsyncDisposableStack();
  const running = await one.start(subjects);
  const results = new Map<string, Result[]>();
  for (let i = 0; i < Number(values.rounds); i++) {
    for (const subject of running) {
      const load = loadavg().map((value) => round(value));
      const result = await subject.run();
      results.set(subject.name, [...(results.get(subject.name) ?? []), result]);
      print({ case: name, subject: subject.name, ...result, version: subject.version, date: new Date(), load });
    }
  }
  const [ours, peer] = [results.get('pabal'), results.get('peer')];
  if (!ours || !peer) return;
  const ratio = Object.fromEntries(
    one.compared.map((key) => [key, round(median(ours, key) / median(peer, key), 2)] as const),
  );
  print({ case: name, ratio, rounds: ours.length });
}

function median(results: readonly Result[], key: string): number {
  const sorted = results.map((result) => result[key] as number).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function print(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
