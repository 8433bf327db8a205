/** G21 (F7, F8): guessing passwords is slowed on all doors together, tells nothing about who is there, and holds up nobody. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ImapClient } from '../client/imap.ts';
import { Pop3Client } from '../client/pop3.ts';
import { SmtpClient } from '../client/smtp.ts';
import { quantiles, round } from '../proc.ts';
import { addAccounts, Service } from '../service.ts';
import { byForm, type Form, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';

const PASSWORD = 'Long enough 4 a mailbox';
const OWNER = 'owner@mail.test';
/** Whose sign-ins they are: an account has so many sessions, of which the oldest ends. */
const CROWD = 'crowd@mail.test';
/** Welch's t of two lots of times, above which they are told apart. */
const TELLS = 4.5;
const MOST_FAILURES = 20;
const OTHERS_P99_MS = 500;
const PARALLEL = 200;

export const goal: Goal = {
  id: 'G21',
  title: 'guessing passwords is slowed, tells nothing, and holds up nobody',

  /** A server that hashes only for people it knows. */
  async control({ form }) {
    const child = spawn(process.execPath, [new URL('sabotage/telling-server.ts', import.meta.url).pathname], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
      const t = await difference(line.trim(), samplesOf(form));
      return t > TELLS ? `known and unknown users differ by t = ${t}` : undefined;
    } finally {
      child.kill();
    }
  },

  async run({ form, say }: GoalContext): Promise<GoalResult> {
    const violations: string[] = [];
    const { failures, ownerIn } = await guessed();
    say(`throttled after ${failures} failures`);
    if (failures > MOST_FAILURES) violations.push(`${failures} wrong passwords were heard before there was a pause`);
    if (!ownerIn) violations.push('the owner, who had signed in before, was locked out');
    // The rest measures time, for which a smoke run has none: there unit tests stand in for it.
    if (form === 'smoke') return result({ runs: 1, faults: failures, violations, figures: { failures } });
    await using service = await Service.start({ sandbox: false });
    await addAccounts(service.data, [OWNER, CROWD], PASSWORD);
    const t = await difference(service.at('http'), samplesOf(form));
    say(`known and unknown users differ by t = ${t}`);
    if (t > TELLS) violations.push(`known and unknown users differ by t = ${t}`);
    const flood = await flooded(service);
    if (flood.othersP99Ms > OTHERS_P99_MS)
      violations.push(`p99 of other requests ${flood.othersP99Ms} ms, ${OTHERS_P99_MS} are allowed`);
    violations.push(...several('requests were answered otherwise', flood.odd));
    return result({ runs: 3, faults: failures + PARALLEL, violations, figures: { failures, t, ...flood } });
  },
};

function samplesOf(form: Form): number {
  return byForm(form, { smoke: 10, quick: 300, full: 1_000 });
}

/** How a sign-in over HTTP is answered. */
async function signIn(at: string, address: string, password: string): Promise<number> {
  const answer = await fetch(`http://${at}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address, password }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** Wrong passwords through every door by turns, until there is a pause; then the owner, whose network is known. */
async function guessed(): Promise<{ failures: number; ownerIn: boolean }> {
  await using service = await Service.start({
    sandbox: false,
    set: { 'limits.loopback': 'true', 'limits.errors': '1000', 'limits.error_delay': '0' },
  });
  await addAccounts(service.data, [OWNER], PASSWORD);
  const token = await tokenOf(service);
  const wrong = 'not the password';
  const plain = Buffer.from(`\0${OWNER}\0${wrong}`).toString('base64');
  // Each says whether it was a wrong password that was heard.
  const doors: (() => Promise<boolean>)[] = [
    async () => (await signIn(service.at('http'), OWNER, wrong)) === 401,
    async () => {
      await using imap = await ImapClient.connect(service.at('imap'));
      return /AUTHENTICATIONFAILED/.test(String(await imap.login(OWNER, wrong).catch((error: unknown) => error)));
    },
    async () => {
      await using smtp = await SmtpClient.connect(service.at('submission'));
      await smtp.startTls();
      return (await smtp.command(`AUTH PLAIN ${plain}`)).code === 535;
    },
    async () => {
      await using pop3 = await Pop3Client.connect(service.at('pop3'));
      const answer = String(await pop3.login(OWNER, wrong).catch((error: unknown) => error));
      return /AUTH\]/.test(answer);
    },
  ];
  let failures = 0;
  while (failures <= 2 * MOST_FAILURES && (await doors[failures % doors.length]!())) failures++;
  const session = await fetch(`http://${service.at('http')}/v1/session`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return { failures, ownerIn: session.status === 200 };
}

async function tokenOf(service: Service): Promise<string> {
  const answer = await fetch(`http://${service.at('http')}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address: OWNER, password: PASSWORD }),
  });
  return ((await answer.json()) as { token: string }).token;
}

/** Welch's t between the times for a known and for an unknown user, asked for by turns. */
async function difference(at: string, samples: number): Promise<number> {
  const known: number[] = [];
  const unknown: number[] = [];
  await signIn(at, OWNER, 'warm up');
  for (let i = 0; i < samples; i++) {
    for (const [address, times] of [
      [OWNER, known],
      [`nobody${i}@mail.test`, unknown],
    ] as const) {
      const begun = performance.now();
      await signIn(at, address, 'not the password');
      times.push(performance.now() - begun);
    }
  }
  const [a, b] = [momentsOf(known), momentsOf(unknown)];
  return round(Math.abs(a.mean - b.mean) / Math.sqrt(a.variance / samples + b.variance / samples));
}

/** Without the slowest tenth of each: those are other programs' turns. */
function momentsOf(times: readonly number[]): { mean: number; variance: number } {
  const kept = times.toSorted((a, b) => a - b).slice(0, Math.ceil(times.length * 0.9));
  const mean = kept.reduce((sum, time) => sum + time, 0) / kept.length;
  return { mean, variance: kept.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (kept.length - 1) };
}

/** Many sign-ins at once, and somebody who is signed in and works. */
async function flooded(service: Service) {
  const token = await tokenOf(service);
  const times: number[] = [];
  const refusedOthers: number[] = [];
  let over = false;
  const work = (async () => {
    while (!over) {
      const begun = performance.now();
      const answer = await fetch(`http://${service.at('http')}/v1/folders`, {
        headers: { authorization: `Bearer ${token}` },
      });
      await answer.arrayBuffer();
      times.push(performance.now() - begun);
      if (answer.status !== 200) refusedOthers.push(answer.status);
    }
  })();
  const codes = await Promise.all(
    Array.from({ length: PARALLEL }, (_, i) =>
      signIn(service.at('http'), CROWD, i % 2 ? PASSWORD : 'not the password'),
    ),
  );
  over = true;
  await work;
  // 503 with Retry-After: more wait already than are worth waiting behind.
  const odd = [...refusedOthers, ...codes.filter((code) => ![200, 201, 401, 429, 503].includes(code))].map(String);
  const refused = codes.filter((code) => code === 429 || code === 503).length;
  return { parallel: PARALLEL, refused, others: times.length, othersP99Ms: quantiles(times).p99, odd };
}
