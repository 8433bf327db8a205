/** How far the search index is behind the mail: at a share of the most that is accepted, a mail is sent and looked for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { signIn } from '../../test/client/rest.ts';
import { SmtpClient } from '../../test/client/smtp.ts';
import { hostAndPort } from '../../test/client/wire.ts';
import { quantiles } from '../../test/proc.ts';
import { runSmtpLoad } from '../load/run.ts';
import type { SmtpLoadArguments } from '../load/smtp.ts';
import type { Ours } from '../ours.ts';

export interface LagOptions {
  readonly seconds: number;
  readonly connections: number;
  readonly size: number;
}

/** Of the most that is accepted a second. */
const SHARE = 0.7;
const EVERY_MS = 500;

export async function lag(subject: Ours, { seconds, connections, size }: LagOptions) {
  const load = (more: Pick<SmtpLoadArguments, 'seconds' | 'rate' | 'tag'>) =>
    runSmtpLoad({
      ...hostAndPort(subject.smtp),
      lmtp: false,
      recipients: subject.accounts,
      connections,
      size,
      ...more,
    });
  // What is first slow until V8 has compiled it does not count as the most.
  await load({ seconds: seconds / 2, tag: 'warm' });
  const most = await load({ seconds: seconds / 2, tag: 'most' });
  const rate = (SHARE * most.acked) / most.seconds;
  const loaded = load({ seconds, rate, tag: 'share' });
  const lags: number[] = [];
  const smtp = await SmtpClient.connect(subject.smtp);
  const end = performance.now() + seconds * 1000;
  for (let i = 0; performance.now() < end - EVERY_MS; i++) {
    const begun = performance.now();
    lags.push(await probe(subject, smtp, i));
    await sleep(Math.max(0, EVERY_MS - (performance.now() - begun)));
  }
  const result = await loaded;
  return {
    mostPerSecond: Math.round(most.acked / most.seconds),
    offeredPerSecond: Math.round(rate),
    acceptedPerSecond: Math.round(result.acked / result.seconds),
    ackMs: result.ackMs,
    probes: lags.length,
    findableMs: quantiles(lags),
  };
}

/** From the acknowledgement until a search finds it. */
async function probe(subject: Ours, smtp: SmtpClient, i: number): Promise<number> {
  const account = subject.accounts[i % subject.accounts.length] as string;
  const word = `probe${i}x${Date.now().toString(36)}`;
  const api = await signIn(subject.service, account, subject.password);
  await smtp.send(
    'probe@client.test',
    [account],
    Buffer.from(`Message-ID: <${word}@client.test>\r\nSubject: lag\r\n\r\n${word}\r\n`),
  );
  const acknowledged = performance.now();
  for (;;) {
    const { items } = (await api.get(`/v1/search?q=${word}`)) as { items: readonly unknown[] };
    if (items.length > 0) return performance.now() - acknowledged;
    await sleep(5);
  }
}
