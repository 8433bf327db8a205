/** Bad inputs that go over a connection: on the way to the state asked for, then the bytes, then reply by reply. */
import { ImapClient } from '../client/imap.ts';
import { Pop3Client } from '../client/pop3.ts';
import { ConnectionEnded, WireClient } from '../client/wire.ts';
import type { BadInput, Dialogue, Targets } from './bad-input.ts';

const PASSWORD = 'pass';
/** Longest wait for a reply. */
const REPLY_MS = 60_000;
const ONE = Buffer.from('Subject: one\r\n\r\nbody\r\n');

export async function openWire(input: BadInput, targets: Targets, account: string): Promise<Dialogue | undefined> {
  const { protocol } = input;
  if (protocol === 'tls') return openTls(input, targets);
  const address = protocol === 'proxy' ? targets.proxy : targets.at[protocol === 'rest' ? 'http' : protocol];
  if (address === undefined) return undefined;
  switch (protocol) {
    case 'http':
      return openLines(input.send, address);
    case 'rest':
      if (input.state === 'message') await append(targets, account);
      return openLines(await restRequest(input, address, account), address);
    case 'proxy':
      return openLines(input.send, address);
    case 'imap':
    case 'imaps':
      return openImap(input, address, account);
    case 'pop3':
    case 'pop3s':
      return openPop3(input, address, account);
    default:
      return openSmtp(input, address, account);
  }
}

/** The server may hang up while we still write: that is an answer, too. */
function write(wire: WireClient, bytes: Buffer): Promise<void> {
  return wire.write(bytes).catch(() => undefined);
}

function dialogue(
  wire: WireClient,
  next: () => Promise<string>,
  inStep: () => Promise<string | undefined>,
  untagged: readonly string[] = [],
): Dialogue {
  return { next, inStep, untagged, [Symbol.asyncDispose]: () => wire[Symbol.asyncDispose]() };
}

async function openSmtp(input: BadInput, address: string, account: string): Promise<Dialogue> {
  const implicit = input.protocol === 'submissions';
  const wire = await WireClient.connect(address, { tls: implicit, timeoutMs: REPLY_MS });
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
  if (['tls', 'auth', 'auth-data'].includes(state)) {
    if (!implicit) {
      await say('STARTTLS', '220');
      await wire.startTls();
      await say(hello, '250');
    }
    if (state !== 'tls') await say(`AUTH PLAIN ${plain('user001@mail.test')}`, '235');
  }
  if (['mail', 'rcpt', 'chunk', 'data'].includes(state)) await say('MAIL FROM:<sender@client.test>', '250');
  if (['rcpt', 'chunk', 'data'].includes(state)) await say(`RCPT TO:<${account}>`, '250');
  if (state === 'chunk') await say('BDAT 12\r\nSubject: x', '250');
  if (state === 'auth-data') {
    await say('MAIL FROM:<user001@mail.test>', '250');
    await say(`RCPT TO:<${account}>`, '250');
  }
  if (state === 'data' || state === 'auth-data') await say('DATA', '354');
  await write(wire, input.send);
  return dialogue(wire, next, async () => {
    await wire.write('NOOP in-step\r\n');
    const after = await next();
    return after.startsWith('250') ? undefined : `out of step: NOOP was answered '${after.slice(0, 200)}'`;
  });
}

async function openImap(input: BadInput, address: string, account: string): Promise<Dialogue> {
  const state = input.state ?? 'connected';
  const implicit = input.protocol === 'imaps';
  const imap = await ImapClient.connect(address, { tls: implicit, timeoutMs: REPLY_MS });
  if (state !== 'connected') {
    if (!implicit) await imap.startTls();
    if (state !== 'tls') await imap.login(account, PASSWORD);
    if (state === 'message') await imap.ok('APPEND INBOX ', ONE);
    if (state === 'selected' || state === 'message') await imap.ok('SELECT INBOX');
    if (state === 'examined') await imap.ok('EXAMINE INBOX');
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
  const inStep = async (): Promise<string | undefined> => {
    await imap.wire.write('STEP NOOP\r\n');
    const after = await next();
    return after.startsWith('STEP OK') ? undefined : `out of step: NOOP was answered '${after.slice(0, 200)}'`;
  };
  return dialogue(imap.wire, next, inStep, untagged);
}

async function openPop3(input: BadInput, address: string, account: string): Promise<Dialogue> {
  const state = input.state ?? 'connected';
  const implicit = input.protocol === 'pop3s';
  const pop3 = await Pop3Client.connect(address, { tls: implicit, timeoutMs: REPLY_MS });
  if (state !== 'connected') {
    if (!implicit) {
      await pop3.command('STLS');
      await pop3.wire.startTls();
    }
    if (state === 'signed-in') await pop3.login(account, PASSWORD);
  }
  await write(pop3.wire, input.send);
  return dialogue(
    pop3.wire,
    () => pop3.wire.line(),
    async () => {
      await pop3.wire.write(state === 'signed-in' ? 'NOOP\r\n' : 'CAPA\r\n');
      const after = await pop3.wire.line();
      return after.startsWith('+OK')
        ? undefined
        : `out of step: the next command was answered '${after.slice(0, 200)}'`;
    },
  );
}

/** Lines of whatever kind. */
async function openLines(bytes: Buffer, address: string): Promise<Dialogue> {
  const wire = await WireClient.connect(address, { timeoutMs: REPLY_MS });
  await write(wire, bytes);
  return dialogue(
    wire,
    () => wire.line(),
    () => Promise.resolve(undefined),
  );
}

/** `send` is `METHOD /path`, header fields, an empty line, and the body: what every request has is added here. */
async function restRequest(input: BadInput, address: string, account: string): Promise<Buffer> {
  const cut = input.send.indexOf('\n\n');
  const [line = '', ...fields] = input.send.toString('latin1', 0, cut === -1 ? undefined : cut).split('\n');
  const body = cut === -1 ? Buffer.alloc(0) : input.send.subarray(cut + 2);
  const has = (name: string): boolean => fields.some((field) => field.toLowerCase().startsWith(`${name}:`));
  if (cut !== -1 && !has('content-type')) fields.push('Content-Type: application/json');
  if (!has('authorization')) fields.push(`Authorization: Bearer ${await signedIn(address, account)}`);
  if (cut !== -1) fields.push(`Content-Length: ${body.length}`);
  const head = [`${line} HTTP/1.1`, 'Host: mail.test', 'Connection: close', ...fields].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body]);
}

/** One message in INBOX. */
async function append({ at }: Targets, account: string): Promise<void> {
  await using imap = await ImapClient.connect(at['imap'] ?? '', { timeoutMs: REPLY_MS });
  await imap.login(account, PASSWORD);
  await imap.ok('APPEND INBOX ', ONE);
  await imap.logout();
}

async function signedIn(address: string, account: string): Promise<string> {
  const answer = await fetch(`http://${address}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address: account, password: PASSWORD }),
  });
  const { token } = (await answer.json()) as { token?: string };
  if (token === undefined) throw new Error(`POST /v1/session was answered ${answer.status}`);
  return token;
}

/** Bytes where a TLS handshake belongs. `state`: the listener, with `+` after it when TLS is asked for first. */
async function openTls(input: BadInput, targets: Targets): Promise<Dialogue | undefined> {
  const [listener = '', command] = (input.state ?? 'imaps').split('+');
  const address = targets.at[listener];
  if (address === undefined) return undefined;
  const wire = await WireClient.connect(address, { timeoutMs: REPLY_MS });
  if (command !== undefined) {
    await wire.line();
    await wire.write(`${command}\r\n`);
    for (let line = await wire.line(); !/^(220|\S+ OK|\+OK)/.test(line); ) line = await wire.line();
  }
  await write(wire, input.send);
  let told = false;
  const next = async (): Promise<string> => {
    if (told) throw new ConnectionEnded('nothing more');
    told = true;
    const rest = await wire.rest();
    // A TLS alert record (RFC 8446 §6), or nothing: both are good. Anything else is told as it is.
    if (rest.length === 0) return 'nothing';
    return rest[0] === 0x15 ? `alert ${rest[6]}` : rest.toString('latin1');
  };
  return dialogue(wire, next, () => Promise.resolve(undefined));
}

function plain(user: string): string {
  return Buffer.from(`\0${user}\0${PASSWORD}`).toString('base64');
}
