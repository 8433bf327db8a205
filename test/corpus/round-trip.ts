/**
 * The corpus through the real service: in over SMTP (DATA and BDAT), out over IMAP, POP3 and REST. What comes out must be
 * what went in, byte for byte, below the trace lines; and each large attachment lies in the data folder once, however
 * often, in whatever base64 and to however many accounts it was sent.
 */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Part } from '../../src/mail/message.ts';
import { parseMessage } from '../../src/mail/parse.ts';
import { ImapClient } from '../client/imap.ts';
import { Pop3Client } from '../client/pop3.ts';
import { SmtpClient } from '../client/smtp.ts';
import { pabal, Service } from '../service.ts';
import { until } from '../support/until.ts';
import { corpus } from './corpus.ts';
import { SeededRandom } from './random.ts';

const ACCOUNTS = ['corpus0@mail.test', 'corpus1@mail.test', 'corpus2@mail.test', 'corpus3@mail.test'];
const PASSWORD = 'pass';
const CONNECTIONS = 4;
const LARGE = 64 << 10;

export interface RoundTripOptions {
  readonly messages: number;
  readonly seed?: number;
  /** Changes one byte of that message on its way in: what the goal's control must see. */
  readonly damage?: number;
}

export interface RoundTripReport {
  readonly sent: number;
  readonly sentBytes: number;
  readonly byData: number;
  readonly byChunks: number;
  /** Copies in all mailboxes: some messages have two recipients. */
  readonly copies: number;
  /** Messages with a large attachment, distinct contents among those, and the files that hold them. */
  readonly largeSent: number;
  readonly largeContents: number;
  readonly blobFiles: number;
  readonly sendSeconds: number;
  readonly imapSeconds: number;
  readonly pop3Seconds: number;
  readonly restSeconds: number;
  /** Each in one sentence. */
  readonly problems: readonly string[];
}

export async function roundTrip(options: RoundTripOptions): Promise<RoundTripReport> {
  await using service = await Service.start();
  const sent = new Sent();
  const sendSeconds = await seconds(() => send(service, sent, options));
  const problems: string[] = [];
  const compare = async (protocol: string, read: Reader): Promise<number> =>
    seconds(async () => {
      for (const account of ACCOUNTS) {
        const found = new Map<string, number>();
        for await (const raw of read(service, account)) {
          const name = sent.nameOf(raw, account);
          if (name === undefined) problems.push(`${protocol}: ${account} has what nobody sent: ${startOf(raw)}`);
          else found.set(name, (found.get(name) ?? 0) + 1);
        }
        const wanted = sent.to(account);
        for (const name of new Set([...wanted.keys(), ...found.keys()]))
          if (found.get(name) !== wanted.get(name))
            problems.push(
              `${protocol}: ${account} has ${name} ${found.get(name) ?? 0} times, not ${wanted.get(name) ?? 0}`,
            );
      }
    });
  const imapSeconds = await compare('IMAP', overImap);
  const pop3Seconds = await compare('POP3', overPop3);
  const restSeconds = await compare('REST', overRest);
  const files = await blobFiles(service.data);
  problems.push(...sent.large.flatMap((content) => misplaced(content, files)));
  const expected = new Set(sent.large.flatMap(({ decoded, received }) => [decoded, received]));
  for (const digest of files) if (!expected.has(digest)) problems.push(`a blob file that is no attachment: ${digest}`);
  if (new Set(files).size !== files.length) problems.push('a content has two files');
  const verified = await pabal(['verify', '--data', service.data]);
  if (verified.code !== 0 || !verified.stdout.trim().endsWith(', 0 problems'))
    problems.push(`verify: ${verified.stdout}${verified.stderr}`);
  return {
    sent: options.messages,
    sentBytes: sent.bytes,
    byData: sent.byData,
    byChunks: sent.byChunks,
    copies: sent.copies,
    largeSent: sent.large.length,
    largeContents: new Set(sent.large.map(({ decoded }) => decoded)).size,
    blobFiles: files.length,
    sendSeconds,
    imapSeconds,
    pop3Seconds,
    restSeconds,
    problems,
  };
}

/** Digests of a large part's content. */
interface LargeContent {
  readonly message: string;
  readonly decoded: string;
  /** As it was sent: what is kept when decoding could not be undone to the byte. */
  readonly received: string;
}

/** What was sent, as digests: the messages themselves would be too many. */
class Sent {
  readonly #names = new Map<string, { readonly name: string; readonly separated: boolean }>();
  readonly #to = new Map<string, Map<string, number>>(ACCOUNTS.map((account) => [account, new Map()]));
  readonly large: LargeContent[] = [];
  bytes = 0;
  byData = 0;
  byChunks = 0;
  copies = 0;

  add(name: string, raw: Buffer, recipients: readonly string[]): void {
    const digest = sha256(raw);
    // Some shapes are the same message each time: they go by the name of the first.
    const known = this.#names.get(digest) ?? { name, separated: needsSeparator(raw) };
    this.#names.set(digest, known);
    for (const recipient of recipients) {
      const names = this.#to.get(recipient) as Map<string, number>;
      names.set(known.name, (names.get(known.name) ?? 0) + 1);
      this.copies++;
    }
    this.bytes += raw.length;
    this.large.push(...largeContents(name, raw));
  }

  /** Undefined when it is not, below the trace lines, what was sent, or the trace lines name somebody else. */
  nameOf(stored: Buffer, account: string): string | undefined {
    const [trace, recipient] = TRACE.exec(stored.toString('latin1', 0, 2048)) ?? [];
    if (trace === undefined || recipient !== account) return undefined;
    const rest = stored.subarray(trace.length);
    const whole = this.#names.get(sha256(rest));
    if (whole) return whole.separated ? undefined : whole.name;
    const below = rest.subarray(0, 2).equals(CRLF) ? this.#names.get(sha256(rest.subarray(2))) : undefined;
    return below?.separated ? below.name : undefined;
  }

  to(account: string): ReadonlyMap<string, number> {
    return this.#to.get(account) as ReadonlyMap<string, number>;
  }
  countOf(account: string): number {
    return this.to(account)
      .values()
      .reduce((sum, copies) => sum + copies, 0);
  }
}

const CRLF = Buffer.from('\r\n');
const TRACE =
  /^Return-Path: <sender@elsewhere\.test>\r\nReceived: from client\.test \((?:\S+ )?\[127\.0\.0\.1\]\)\r\n\tby \S+ with ESMTP id \S+\r\n\tfor <(corpus\d@mail\.test)>; [^\r\n]+\r\n/;

/** An empty line stands below the trace lines when the message begins with neither a header nor an empty line. */
function needsSeparator(raw: Buffer): boolean {
  return !/^(\r\n|[!-9;-~]+[ \t]*:)/.test(raw.toString('latin1', 0, 1000));
}

function largeContents(message: string, raw: Buffer): readonly LargeContent[] {
  const found: LargeContent[] = [];
  const open: Part[] = raw.length < LARGE ? [] : [parseMessage(raw).structure];
  for (let part = open.pop(); part; part = open.pop()) {
    open.push(...part.children);
    if (part.children.length > 0 || part.bodyEnd - part.bodyStart < LARGE) continue;
    const received = raw.subarray(part.bodyStart, part.bodyEnd);
    const decoded = part.encoding === 'base64' ? Buffer.from(received.toString('latin1'), 'base64') : received;
    found.push({ message, decoded: sha256(decoded), received: sha256(received) });
  }
  return found;
}

function misplaced({ message, decoded, received }: LargeContent, files: readonly string[]): readonly string[] {
  const places = new Set([decoded, received].filter((digest) => files.includes(digest)));
  return places.size === 1 ? [] : [`the attachment of ${message} is in ${places.size} files`];
}

async function send(service: Service, sent: Sent, { messages, seed = 1, damage }: RoundTripOptions): Promise<void> {
  const source = corpus(messages, seed);
  const random = new SeededRandom(seed);
  let index = 0;
  const work = async (): Promise<void> => {
    await using smtp = await SmtpClient.connect(service.at('smtp'));
    for (let next = source.next(); !next.done; next = source.next()) {
      const { name, raw } = next.value;
      const i = index++;
      const first = random.int(0, ACCOUNTS.length - 1);
      // Every 50th, and so each of 10 MB, goes to two people.
      const recipients = [ACCOUNTS[first], i % 50 === 49 ? ACCOUNTS[(first + 1) % ACCOUNTS.length] : undefined].filter(
        (account) => account !== undefined,
      );
      sent.add(name, raw, recipients);
      const wire = i === damage ? damaged(raw) : raw;
      const chunked = random.int(0, 1) === 1;
      const [reply] = chunked
        ? await smtp.sendChunks('sender@elsewhere.test', recipients, wire, random.int(1_000, 500_000))
        : await smtp.send('sender@elsewhere.test', recipients, wire);
      if (reply?.code !== 250) throw new Error(`${name} was answered ${reply?.code} ${reply?.lines.join(' ')}`);
      if (chunked) sent.byChunks++;
      else sent.byData++;
    }
    await smtp.quit();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  for (const account of ACCOUNTS) await filed(service, account, sent.countOf(account));
}

/** Accepted is not yet filed. */
async function filed(service: Service, account: string, count: number): Promise<void> {
  await using imap = await ImapClient.connect(service.at('imap'));
  await imap.login(account, PASSWORD);
  await until(`${count} messages of ${account}`, async () => (await imap.count('INBOX')) >= count);
}

type Reader = (service: Service, account: string) => AsyncIterable<Buffer>;

async function* overImap(service: Service, account: string): AsyncIterable<Buffer> {
  await using imap = await ImapClient.connect(service.at('imap'));
  await imap.login(account, PASSWORD);
  for await (const { raw } of imap.messages('INBOX')) yield raw;
}

async function* overPop3(service: Service, account: string): AsyncIterable<Buffer> {
  await using pop3 = await Pop3Client.connect(service.at('pop3'));
  await pop3.login(account, PASSWORD);
  const { messages } = await pop3.stat();
  for (let number = 1; number <= messages; number++) yield await pop3.retrieve(number);
  await pop3.quit();
}

async function* overRest(service: Service, account: string): AsyncIterable<Buffer> {
  const base = `http://${service.at('http')}/v1`;
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(`${base}${path}`, init);
    if (!response.ok) throw new Error(`${path} was answered ${response.status} ${await response.text()}`);
    return response;
  };
  const body = JSON.stringify({ address: account, password: PASSWORD });
  const session = await ask('/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const headers = { authorization: `Bearer ${((await session.json()) as { token: string }).token}` };
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = (await (await ask(`/folders/inbox/messages?limit=200${query}`, { headers })).json()) as {
      items: readonly { id: string }[];
      next?: string;
    };
    for (const { id } of page.items)
      yield Buffer.from(await (await ask(`/messages/${id}/raw`, { headers })).arrayBuffer());
    cursor = page.next;
  } while (cursor !== undefined);
}

/** Digests of the contents that have a file of their own, one for each file. */
async function blobFiles(data: string): Promise<readonly string[]> {
  const names = await readdir(join(data, 'blobs'), { recursive: true });
  return names.flatMap((name) => /^\d+-([0-9a-f]{64})$/.exec(basename(name))?.[1] ?? []);
}

function damaged(raw: Buffer): Buffer {
  const copy = Buffer.from(raw);
  // A letter stays a letter: no line end is touched.
  const at = copy.findLastIndex((byte) => byte >= 0x61 && byte <= 0x79);
  copy[at] = (copy[at] ?? 0x61) + 1;
  return copy;
}

function startOf(raw: Buffer): string {
  return JSON.stringify(raw.toString('latin1', 0, 400));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function seconds(act: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await act();
  return Math.round((performance.now() - begun) / 100) / 10;
}
