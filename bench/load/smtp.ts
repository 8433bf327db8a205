/**
 * The bench's SMTP/LMTP client, a process of its own and as cheap as it can be: one prepared buffer for each
 * connection, replies read by byte. It does what an ordinary sending server does: EHLO once, then for each message
 * MAIL, RCPT and DATA in one packet where PIPELINING was announced (else one by one), the message after the 354, and
 * the next one after the 250.
 *
 * `node bench/load/smtp.ts '<json>'`; prints one JSON line.
 */
import { connect, type Socket } from 'node:net';
import { quantiles, round } from '../../test/proc.ts';
import { template } from './message.ts';

export interface SmtpLoadArguments {
  readonly host: string;
  readonly port: number;
  readonly lmtp: boolean;
  /** Default: somebody elsewhere. */
  readonly sender?: string;
  /** One for each connection, in turns, who signs in and is the sender. */
  readonly users?: readonly { readonly address: string; readonly password: string }[];
  readonly recipients: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  /** Messages a second of all connections together, at most; absent: as many as are accepted. */
  readonly rate?: number;
  readonly size: number;
  readonly tag: string;
}

export interface SmtpLoadResult {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly acked: number;
  /** From there to the last acknowledgement. */
  readonly seconds: number;
  /** Acknowledged messages for each recipient, in the order given. */
  readonly perRecipient: readonly number[];
  readonly messageBytes: number;
  /** From the final dot to the 250, in milliseconds. */
  readonly ackMs: ReturnType<typeof quantiles>;
  /** From MAIL to the 250. */
  readonly transactionMs: ReturnType<typeof quantiles>;
  readonly refused: Readonly<Record<string, number>>;
  readonly reconnects: number;
  readonly cpuSeconds: number;
}

const args = JSON.parse(process.argv[2] ?? '{}') as SmtpLoadArguments;
const perRecipient = args.recipients.map(() => 0);
const ackMs: number[] = [];
const transactionMs: number[] = [];
const refused = new Map<string, number>();
let sent = 0;
let acked = 0;
let reconnects = 0;
let open = 0;
let lastAck = 0;
let messageBytes = 0;
const startedAt = Date.now();
const started = performance.now();
const deadline = started + args.seconds * 1000;

/** One connection at work; starts itself again when the server hangs up early. */
function client(index: number): void {
  const socket: Socket = connect({ host: args.host, port: args.port, noDelay: true });
  const user = args.users?.[index % args.users.length];
  const sender = user?.address ?? args.sender ?? 'sender@client.test';
  const message = template(args.tag, 'team@mail.test', args.size, sender);
  messageBytes = message.data.length - 3;
  open++;
  let pending = '';
  let pipelining = false;
  let mail = `MAIL FROM:<${sender}>\r\n`;
  let recipient = 0;
  let begun = 0;
  let dotted = 0;
  let step: 'greeting' | 'hello' | 'auth' | 'mail' | 'rcpt' | 'data' | 'sent' | 'reset' | 'quit' = 'greeting';
  let failed = 0;

  const next = (): void => {
    if (performance.now() >= deadline) {
      step = 'quit';
      socket.write('QUIT\r\n');
      return;
    }
    const due = args.rate === undefined ? 0 : started + (sent / args.rate) * 1000 - performance.now();
    if (due > 1) {
      setTimeout(next, due);
      return;
    }
    const number = sent++;
    recipient = number % args.recipients.length;
    message.setNumber(number);
    failed = 0;
    begun = performance.now();
    step = 'mail';
    socket.write(pipelining ? `${mail}RCPT TO:<${args.recipients[recipient]}>\r\nDATA\r\n` : mail);
  };
  const reply = (line: string): void => {
    const code = Number(line.slice(0, 3));
    if (code >= 400 && failed === 0) {
      failed = code;
      refused.set(line.slice(0, 40), (refused.get(line.slice(0, 40)) ?? 0) + 1);
    }
    switch (step) {
      case 'greeting':
        step = 'hello';
        socket.write(args.lmtp ? 'LHLO bench.client.test\r\n' : 'EHLO bench.client.test\r\n');
        return;
      case 'hello':
        if (user === undefined) return next();
        step = 'auth';
        socket.write(`AUTH PLAIN ${Buffer.from(`\0${user.address}\0${user.password}`).toString('base64')}\r\n`);
        return;
      case 'auth':
        next();
        return;
      case 'mail':
        step = 'rcpt';
        if (!pipelining) socket.write(`RCPT TO:<${args.recipients[recipient]}>\r\n`);
        return;
      case 'rcpt':
        step = 'data';
        if (!pipelining) socket.write('DATA\r\n');
        return;
      case 'data':
        if (code === 354) {
          step = 'sent';
          dotted = performance.now();
          socket.write(message.data);
        } else {
          step = 'reset';
          socket.write('RSET\r\n');
        }
        return;
      case 'sent':
        if (code === 250) {
          const now = performance.now();
          lastAck = now;
          acked++;
          perRecipient[recipient] = (perRecipient[recipient] ?? 0) + 1;
          ackMs.push(now - dotted);
          transactionMs.push(now - begun);
        }
        next();
        return;
      case 'reset':
        next();
        return;
      case 'quit':
        socket.end();
    }
  };
  socket.on('data', (chunk: Buffer) => {
    let text = pending === '' ? chunk.toString('latin1') : pending + chunk.toString('latin1');
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      if (step === 'hello' && text.startsWith('PIPELINING', 4)) pipelining = true;
      if (step === 'hello' && text.startsWith('SIZE', 4)) mail = `MAIL FROM:<${sender}> SIZE=${messageBytes}\r\n`;
      if (text[3] !== '-') reply(text);
      text = text.slice(end + 1);
    }
    pending = text;
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    open--;
    if (step !== 'quit' && performance.now() < deadline) {
      reconnects++;
      setTimeout(client, 20, index);
    } else if (open === 0) finish();
  });
}

function finish(): void {
  const { user, system } = process.cpuUsage();
  const result: SmtpLoadResult = {
    startedAt,
    acked,
    seconds: round((lastAck - started) / 1000, 3),
    perRecipient,
    messageBytes,
    ackMs: quantiles(ackMs),
    transactionMs: quantiles(transactionMs),
    refused: Object.fromEntries(refused),
    reconnects,
    cpuSeconds: round((user + system) / 1e6),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

for (let i = 0; i < args.connections; i++) client(i);
