/**
 * `npm run bench -- inbound|lmtp|lifecycle|imap|idle|pop3 [--peer | --peer-only] [--seconds N] ...`: one JSON line for each case and
 * subject, and with the peer one that says how they compare. What is measured and how: bench/README.md.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { imapFolder, imapIdle } from './cases/imap.ts';
import { inbound } from './cases/inbound.ts';
import { lifecycle } from './cases/lifecycle.ts';
import { pop3 } from './cases/pop3.ts';
import { search } from './cases/search.ts';
import { Ours } from './ours.ts';
import { Peer, peerMissing } from './peer.ts';
import { round } from '../test/proc.ts';
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
    messages: { type: 'string' },
    generator: { type: 'string', default: 'client' },
    idle: { type: 'string', default: '2000' },
    'idle-tls': { type: 'string', default: '500' },
    set: { type: 'string', multiple: true, default: [] },
    profile: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const messages = (otherwise: number): number => Number(values.messages ?? otherwise);
type Result = Readonly<Record<string, unknown>>;

/** Which figures of a case are compared (ours divided by the peer's), and which of them are better when smaller. */
interface Case {
  readonly run: (subject: Subject) => Promise<Result>;
  readonly compared: readonly string[];
}
const lastRate = new Map<string, number>();
const inboundCase = (lmtp: boolean): Case => ({
  async run(subject) {
    const generator = values.generator === 'smtp-source' ? 'smtp-source' : 'client';
    const options = { seconds, connections: Number(values.connections), size: Number(values.size), lmtp };
    if (generator === 'smtp-source' && !lastRate.has(subject.name)) {
      // smtp-source wants a number of messages, so a second of load tells how many fit the time.
      const probe = await inbound(subject, { ...options, seconds: 1, generator: 'client' });
      lastRate.set(subject.name, probe.acceptedPerSecond);
    }
    return inbound(subject, { ...options, generator, expectedRate: lastRate.get(subject.name) ?? 500 });
  },
  compared: ['acceptedPerSecond', 'visiblePerSecond', 'cpuMsPerMessage'],
});
const folder = { messages: messages(100_000), idle: Number(values.idle), idleTls: Number(values['idle-tls']) };
const CASES: Readonly<Record<string, Case>> = {
  inbound: inboundCase(false),
  lmtp: inboundCase(true),
  lifecycle: {
    run: (subject) => lifecycle(subject, { seconds, users: Number(values.connections) }),
    compared: ['cyclesPerSecond', 'cpuMsPerCycle'],
  },
  imap: { run: (subject) => imapFolder(subject, folder), compared: ['coldSelectMs', 'coldFetchFlagsMs', 'memoryMiB'] },
  idle: { run: (subject) => imapIdle(subject, folder), compared: [] },
  pop3: {
    run: (subject) => pop3(subject, { messages: messages(10_000) }),
    compared: ['statMs', 'uidlMs', 'retrievedPerSecond', 'cpuMsPerMessage'],
  },
};

/** In this process, on the store alone. */
const HERE: Readonly<Record<string, () => Promise<Result>>> = {
  search: () => search({ messages: messages(100_000) }),
};

const names = positionals.length > 0 ? positionals : [...Object.keys(CASES), ...Object.keys(HERE)];
for (const name of names) {
  if (!Object.hasOwn(CASES, name) && !Object.hasOwn(HERE, name)) {
    const known = [...Object.keys(CASES), ...Object.keys(HERE)];
    process.stderr.write(`there is no case '${name}': ${known.join(', ')}\n`);
    process.exit(2);
  }
}
const wantsPeer = values.peer || values['peer-only'];
const missing = wantsPeer ? peerMissing() : undefined;
if (missing !== undefined) {
  process.stderr.write(`the peer cannot be measured: ${missing}\n`);
  process.exit(1);
}
for (const name of names) {
  const here = HERE[name];
  if (here === undefined) await measure(name, CASES[name] as Case);
  else {
    const load = loadavg().map((value) => round(value));
    print({ case: name, ...(await here()), date: new Date(), load });
  }
}

/** Each case on fresh data; subjects take turns, so that a change of the machine's load meets both. */
async function measure(name: string, one: Case): Promise<void> {
  await using subjects = new AsyncDisposableStack();
  const running: Subject[] = [];
  if (!values['peer-only']) {
    const set = Object.fromEntries(
      values.set.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
    );
    // A profile for each thread, readable by Chrome's developer tools.
    const profile = values.profile;
    const env = profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` };
    running.push(subjects.use(await Ours.start({ set, env })));
  }
  if (wantsPeer) running.push(subjects.use(await Peer.start()));
  const results = new Map<string, Result[]>();
  for (let i = 0; i < Number(values.rounds); i++) {
    for (const subject of running) {
      const load = loadavg().map((value) => round(value));
      const result = await one.run(subject);
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
