/**
 * Idle IMAP sessions and event streams for G9, in a process of their own (a process may have 20,000 open files).
 * Started with fork(); reports `ready` when all are open, then `reached` as new mail arrives.
 */
import { connect, type Socket } from 'node:net';
import { hostAndPort } from '../client/wire.ts';

export interface IdleArguments {
  readonly imap: string;
  readonly http: string | undefined;
  readonly accounts: readonly string[];
  readonly password: string;
  readonly idle: number;
  readonly streams: number;
}

export interface IdleReport {
  readonly ready?: boolean;
  readonly failed?: string;
  /** Sessions and streams that were told of the new mail. */
  readonly reached?: number;
}

const args = JSON.parse(process.argv[2] ?? '{}') as IdleArguments;
const reached = new Set<Socket>();
let told = 0;

function report(message: IdleReport): void {
  process.send?.(message);
}

interface Dialogue {
  readonly address: string;
  /** What to send, and how the end of its answer looks. The first one may have nothing to send. */
  readonly steps: readonly (readonly [send: string, answer: RegExp])[];
  readonly news: RegExp;
}

/** Resolves when the last step was answered; the connection then waits for news. */
function open({ address, steps, news }: Dialogue): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...hostAndPort(address), noDelay: true });
    let at = 0;
    let text = '';
    const send = (): void => {
      const step = steps[at];
      if (!step) resolve();
      else if (step[0] !== '') socket.write(step[0]);
    };
    socket.on('connect', send);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const step = steps[at];
      if (!step) {
        if (news.test(text)) reached.add(socket);
        text = text.slice(-100);
      } else if (step[1].test(text)) {
        text = '';
        at++;
        send();
      } else if (/^(T (NO|BAD)|\* BYE|HTTP\/1\.1 [45])/m.test(text)) {
        reject(new Error(`${step[0].slice(0, 60)} was answered ${text.slice(0, 200)}`));
        socket.destroy();
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed a connection')));
  });
}

function idle(account: string): Promise<void> {
  const ok = /^T OK.*\r\n/m;
  return open({
    address: args.imap,
    steps: [
      ['', /^\* OK.*\r\n/],
      [`T LOGIN "${account}" "${args.password}"\r\n`, ok],
      ['T SELECT INBOX\r\n', ok],
      ['T IDLE\r\n', /^\+.*\r\n/m],
    ],
    news: /^\* \d+ EXISTS\r$/m,
  });
}

async function stream(account: string): Promise<void> {
  const address = args.http as string;
  const answer = await fetch(`http://${address}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address: account, password: args.password }),
  });
  const { token } = (await answer.json()) as { token: string };
  const request = `GET /v1/events HTTP/1.1\r\nHost: ${address}\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  await open({ address, steps: [[request, /^HTTP\/1\.1 200[^]*\r\n\r\n/]], news: /^data:/m });
}

async function main(): Promise<void> {
  const waiting = [
    ...Array.from({ length: args.idle }, (_, i) => [idle, i] as const),
    ...Array.from({ length: args.http === undefined ? 0 : args.streams }, (_, i) => [stream, i] as const),
  ];
  const work = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift())
      await one[0](args.accounts[one[1] % args.accounts.length] as string);
  };
  await Promise.all(Array.from({ length: 16 }, work));
  report({ ready: true });
  setInterval(() => {
    if (reached.size !== told) report({ reached: (told = reached.size) });
  }, 20);
}

await main().catch((error: unknown) => {
  report({ failed: error instanceof Error ? error.message : String(error) });
  process.exit(1);
});
