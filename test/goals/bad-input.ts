/** Reads and runs the fixtures of test/fixtures/bad-input (their README says what they look like). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImapClient } from '../client/imap.ts';
import { Pop3Client } from '../client/pop3.ts';
import { dotStuffed, SmtpClient } from '../client/smtp.ts';
import { ConnectionEnded, WireClient } from '../client/wire.ts';

const FOLDER = new URL('../fixtures/bad-input/', import.meta.url).pathname;
const PASSWORD = 'pass';
/** Longest wait for a reply. */
const REPLY_MS = 10_000;

type Piece = string | { readonly repeat: string; readonly times: number } | { readonly utf8: string };

export type Protocol =
  | 'smtp'
  | 'submission'
  | 'submissions'
  | 'lmtp'
  | 'imap'
  | 'imaps'
  | 'pop3'
  | 'pop3s'
  | 'http'
  | 'message';

interface FixtureFile {
  readonly about: string;
  readonly protocol: Protocol;
  readonly state?: string;
  readonly cases: readonly {
    readonly name: string;
    readonly row?: string;
    readonly state?: string;
    readonly send: Piece | readonly Piece[];
    readonly expect: readonly string[];
    readonly each?: readonly (readonly string[])[];
    readonly ends?: boolean;
  }[];
}

export interface BadInput {
  readonly file: string;
  readonly name: string;
  readonly row: string | undefined;
  readonly protocol: Protocol;
  readonly state: string | undefined;
  readonly send: Buffer;
  readonly expect: readonly string[];
  readonly ends: boolean;
}

export function readBadInputs(folder = FOLDER): BadInput[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((file) => {
      const { protocol, state, cases } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as FixtureFile;
      return cases.flatMap((one) =>
        (one.each ?? [[]]).map((values): BadInput => {
          const fill = (text: string): string => text.replaceAll(/\$(\d)/g, (all, n) => values[Number(n) - 1] ?? all);
          return {
            file,
            name: printable(fill(one.name)),
            row: one.row,
            protocol,
            state: one.state ?? state,
            send: bytesOf(one.send, fill),
            expect: one.expect.map(fill),
            ends: one.ends ?? false,
          };
        }),
      );
    });
}

function bytesOf(send: Piece | readonly Piece[], fill: (text: string) => string): Buffer {
  const raw = (text: string): Buffer => {
    const filled = fill(text);
    return Buffer.from(filled, /[^\0-\xff]/.test(filled) ? 'utf8' : 'latin1');
  };
  const pieces = Array.isArray(send) ? (send as readonly Piece[]) : [send as Piece];
  return Buffer.concat(
    pieces.map((piece) => {
      if (typeof piece === 'string') return raw(piece);
      if ('utf8' in piece) return Buffer.from(fill(piece.utf8), 'utf8');
      const one = raw(piece.repeat);
      return Buffer.alloc(one.length * piece.times, one);
    }),
  );
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, (c) => `\\x${(c.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`);
}

/** Where each protocol listens. */
export type Addresses = Readonly<Partial<Record<Exclude<Protocol, 'message'>, string>>>;

/** Undefined when all was as expected, else what was not. `account` is the case's own: nobody else uses it. */
export async function runBadInput(input: BadInput, at: Addresses, account: string): Promise<string | undefined> {
  try {
    if (input.protocol === 'message') return await runMessage(input, at, account);
    const address = at[input.protocol];
    if (address === undefined) return undefined;
    switch (input.protocol) {
      case 'http':
        return await runHttp(input, address);
      case 'imap':
      case 'imaps':
        return await runImap(input, address, account);
      case 'pop3':
      case 'pop3s':
        return await runPop3(input, address, account);
      default:
        return await runSmtp(input, address, account);
    }
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

function startsWith(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${pattern})`, 's').test(text);
}

/** The server may hang up while we still write: that is an answer, too. */
function write(wire: WireClient, bytes: Buffer): Promise<void> {
  return wire.write(bytes).catch(() => undefined);
}

/** Each expectation against the next reply; what differs. */
async function compare(
  expect: readonly string[],
  next: () => Promise<string>,
): Promise<{ readonly complaint?: string; readonly closed: boolean }> {
  for (const [i, pattern] of expect.entries()) {
    let reply: string;
    try {
      reply = await next();
    } catch (error) {
      if (!(error instanceof ConnectionEnded))
        return {
          closed: false,
          complaint: `reply ${i + 1}: ${error instanceof Error ? error.message : String(error)}`,
        };
      if (pattern === 'closed' || pattern.endsWith('|closed')) return { closed: true };
      return { closed: true, complaint: `reply ${i + 1}: the connection was closed, expected ${pattern}` };
    }
    if (pattern === 'closed') {
      // A server that refuses each of many lines may have several replies under way before it hangs up.
      return compare(expect.slice(i), next);
    }
    if (!startsWith(pattern, reply))
      return { closed: false, complaint: `reply ${i + 1}: '${reply.slice(0, 200)}', expected ${pattern}` };
  }
  return { closed: false };
}

async function runSmtp(input: BadInput, address: string, account: string): Promise<string | undefined> {
  const implicit = input.protocol === 'submissions';
  await using wire = await WireClient.connect(address, { tls: implicit, timeoutMs: REPLY_MS });
  const state = input.state ?? 'ehlo';
  const next = async (): Promise<string> => {
    let text = '';
    for (;;) {
      const line = await wire.line();
      text += text === '' ? line : `\n${line}`;
      if (line[3] !== '-') return text;
    }
  };
  const say = async (command: string, code: string): Promise<void> => {
    await wire.write(`${command}\r\n`);
    const reply = await next();
    if (!reply.startsWith(code)) throw new Error(`on the way to '${state}': ${command} was answered ${reply}`);
  };
  const greeting = await next();
  if (!greeting.startsWith('220')) throw new Error(`the greeting is ${greeting}`);
  const hello = input.protocol === 'lmtp' ? 'LHLO client.test' : 'EHLO client.test';
  if (state !== 'greeted') await say(hello, '250');
  if (state === 'tls' || state === 'auth') {
    if (!implicit) {
      await say('STARTTLS', '220');
      await wire.startTls();
      await say(hello, '250');
    }
    if (state === 'auth') await say(`AUTH PLAIN ${plain('user001@mail.test')}`, '235');
  }
  if (['mail', 'rcpt', 'data'].includes(state)) await say('MAIL FROM:<sender@client.test>', '250');
  if (['rcpt', 'data'].includes(state)) await say(`RCPT TO:<${account}>`, '250');
  if (state === 'data') await say('DATA', '354');
  await write(wire, input.send);
  const { complaint, closed } = await compare(input.expect, next);
  if (complaint !== undefined || closed || input.ends) return complaint;
  await wire.write('NOOP in-step\r\n');
  const after = await next();
  return after.startsWith('250') ? undefined : `out of step: NOOP was answered '${after.slice(0, 200)}'`;
}

async function runImap(input: BadInput, address: string, account: string): Promise<string | undefined> {
  const state = input.state ?? 'connected';
  const implicit = input.protocol === 'imaps';
  await using imap = await ImapClient.connect(address, { tls: implicit, timeoutMs: REPLY_MS });
  if (state !== 'connected') {
    if (!implicit) await imap.startTls();
    if (state !== 'tls') await imap.login(account, PASSWORD);
    if (state === 'message') await imap.ok('APPEND INBOX ', Buffer.from('Subject: one\r\n\r\nbody\r\n'));
    if (state === 'selected' || state === 'message') await imap.ok('SELECT INBOX');
  }
  await write(imap.wire, input.send);
  const untagged: string[] = [];
  // Untagged data belongs to the command; what ends it is a tagged line, BYE, BAD or a continuation.
  const next = async (): Promise<string> => {
    for (;;) {
      const { text } = await imap.response();
      if (!text.startsWith('* ') || /^\* (BYE|BAD)\b/.test(text)) return text;
      untagged.push(text);
    }
  };
  const { complaint, closed } = await compare(input.expect, next);
  if (complaint !== undefined || closed || input.ends) return complaint;
  await imap.wire.write('STEP NOOP\r\n');
  const after = await next();
  return after.startsWith('STEP OK') ? undefined : `out of step: NOOP was answered '${after.slice(0, 200)}'`;
}

async function runPop3(input: BadInput, address: string, account: string): Promise<string | undefined> {
  const state = input.state ?? 'connected';
  const implicit = input.protocol === 'pop3s';
  await using pop3 = await Pop3Client.connect(address, { tls: implicit, timeoutMs: REPLY_MS });
  if (state !== 'connected') {
    if (!implicit) {
      await pop3.command('STLS');
      await pop3.wire.startTls();
    }
    if (state === 'signed-in') await pop3.login(account, PASSWORD);
  }
  await write(pop3.wire, input.send);
  const { complaint, closed } = await compare(input.expect, () => pop3.wire.line());
  if (complaint !== undefined || closed || input.ends) return complaint;
  await pop3.wire.write(state === 'signed-in' ? 'NOOP\r\n' : 'CAPA\r\n');
  const after = await pop3.wire.line();
  return after.startsWith('+OK') ? undefined : `out of step: the next command was answered '${after.slice(0, 200)}'`;
}

async function runHttp(input: BadInput, address: string): Promise<string | undefined> {
  await using wire = await WireClient.connect(address, { timeoutMs: REPLY_MS });
  await write(wire, input.send);
  return (await compare(input.expect, () => wire.line())).complaint;
}

/** A broken mail is mail: it must come back as it went in, and every question about it must have an answer. */
async function runMessage(input: BadInput, at: Addresses, account: string): Promise<string | undefined> {
  if (at.smtp === undefined || at.imap === undefined || at.pop3 === undefined) return undefined;
  await using smtp = await SmtpClient.connect(at.smtp, { timeoutMs: 30_000 });
  await smtp.command('MAIL FROM:<sender@client.test>', 250);
  await smtp.command(`RCPT TO:<${account}>`, 250);
  await smtp.command('DATA', 354);
  await smtp.wire.write(dotStuffed(input.send));
  const reply = await smtp.reply();
  const text = `${reply.code} ${reply.lines.join('\n')}`;
  if (!startsWith(input.expect[0] ?? '', text)) return `the reply was '${text}', expected ${input.expect[0]}`;
  await smtp.quit();
  if (reply.code >= 300) return undefined;
  await using imap = await ImapClient.connect(at.imap, { timeoutMs: 30_000 });
  await imap.login(account, PASSWORD);
  for (let tries = 0; (await imap.count('INBOX')) === 0; tries++) {
    if (tries > 500) return 'it was accepted and is not in the mailbox';
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await imap.ok('EXAMINE INBOX');
  const whole = (await imap.ok('FETCH 1 BODY.PEEK[]')).untagged.flatMap((response) => response.literals)[0];
  if (!whole || !endsWith(whole, input.send)) return 'BODY[] is not what was sent';
  for (const item of [
    'BODYSTRUCTURE',
    'BODY',
    'ENVELOPE',
    'RFC822.SIZE',
    'BODY.PEEK[HEADER]',
    'BODY.PEEK[TEXT]',
    'BODY.PEEK[1]',
    'BODY.PEEK[1.MIME]',
    'BODY.PEEK[HEADER.FIELDS (SUBJECT __proto__)]',
  ]) {
    const answer = await imap.command(`FETCH 1 ${item}`);
    if (answer.status !== 'OK') return `FETCH ${item} was answered ${answer.status} ${answer.text}`;
  }
  await imap.ok('SEARCH SUBJECT "x" FROM "a" SENTSINCE 1-Jan-2000');
  await imap.logout();
  await using pop3 = await Pop3Client.connect(at.pop3, { timeoutMs: 30_000 });
  await pop3.login(account, PASSWORD);
  const popped = await pop3.retrieve(1);
  await pop3.quit();
  return endsWith(popped, input.send) ? undefined : 'RETR is not what was sent';
}

function endsWith(whole: Buffer, end: Buffer): boolean {
  return whole.length >= end.length && whole.subarray(whole.length - end.length).equals(end);
}

function plain(user: string): string {
  return Buffer.from(`\0${user}\0${PASSWORD}`).toString('base64');
}
