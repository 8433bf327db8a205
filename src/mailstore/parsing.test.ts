import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { aliceLab, mail, problemsOf } from '../../test/support/mail-store.ts';
import { ManualClock } from '../adapters/clock-manual.ts';
import { parseMessage } from '../mail/parse.ts';
import type { EmailId, FolderId } from './api.ts';
import { decodeDetails, detailsRows } from './details.ts';
import { type ParsedContent, parsedContent } from './parsed-content.ts';
import { AT_ONCE, PARSE_DEADLINE, PARTS_AT_ONCE, Parsing } from './parsing.ts';
import { MemorySource, type RawSource } from './raw-source.ts';

const EMAIL = '0'.repeat(24) as EmailId;
const text = 'Hello there.\r\n';

function multipart(parts: number, body = text): Buffer {
  const lines = Array.from({ length: parts }, () => `--b\r\n\r\n${body}`);
  return mail('parts', `${lines.join('\r\n')}\r\n--b--\r\n`, ['Content-Type: multipart/mixed; boundary=b']);
}

const small = mail('small');
const large = mail('large', text.repeat(AT_ONCE / text.length));
const crowded = multipart(PARTS_AT_ONCE);
const attachment = multipart(2, `${text.repeat(20_000)}`);

/** A source that is not in memory. */
function spooled(raw: Buffer, piece = 100_000): RawSource {
  return {
    size: raw.length,
    async *read(start, end) {
      for (let at = start; at < end; at += piece) yield raw.subarray(at, Math.min(end, at + piece));
    },
    async [Symbol.asyncDispose]() {},
  };
}

function detailsOf(content: ParsedContent, size: number) {
  const rows = detailsRows(EMAIL, size, { prefix: Buffer.alloc(0), segments: [], blobs: [] }, content.details);
  return decodeDetails(
    EMAIL,
    rows.map(([, row]) => row),
  );
}

describe('a message', () => {
  let threads = 0;
  const parsing = new Parsing({
    clock: new ManualClock(),
    thread: () => {
      threads++;
      return new Worker(new URL('./parse-worker.ts', import.meta.url));
    },
  });
  afterAll(() => parsing[Symbol.asyncDispose]());

  test.each<[string, RawSource, Buffer, number]>([
    ['small', new MemorySource(small), small, 0],
    ['of a few parts', new MemorySource(multipart(20)), multipart(20), 0],
    ['of many parts', new MemorySource(crowded), crowded, 1],
    ['large', new MemorySource(large), large, 1],
    ['large, in a file', spooled(attachment), attachment, 1],
    ['small, in a file', spooled(small), small, 1],
    ['empty, in a file', spooled(Buffer.alloc(0)), Buffer.alloc(0), 1],
  ])('%s: the same result, here or in the thread', async (_name, source, raw, started) => {
    const plain = ({ fresh: _, ...content }: ParsedContent) => ({
      ...content,
      details: Buffer.from(content.details).toString('latin1'),
      threadKeys: content.threadKeys.map(({ key, keep }) => [Buffer.from(key).toString('hex'), keep]),
    });
    expect(plain(await parsing.parse(source))).toEqual(plain(parsedContent(parseMessage(raw))));
    expect(threads).toBe(started);
  });

  test('many at a time have their turns in one thread', async () => {
    const sizes = [3, 300, 30, 3000];
    const parsed = await Promise.all(sizes.map((parts) => parsing.parse(spooled(multipart(parts)))));
    expect(parsed.map((content) => detailsOf(content, 1).structure.children.length)).toEqual(sizes);
    expect(threads).toBe(1);
  });
});

/** What a thread does when it has been told all of a message. */
const FAILURES: readonly [string, string][] = [
  ['throws', "throw new Error('a mistake')"],
  ['runs out of memory', 'const all = []; for (;;) all.push(new Array(1e6).fill(all))'],
  ['ends', 'process.exit(0)'],
  ['answers nothing', ''],
];
function failing(act: string): Worker {
  const code = `
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', (question) => {
      if (question === 'end') { ${act} } else parentPort.postMessage(undefined);
    });`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
    resourceLimits: { maxOldGenerationSizeMb: 16 },
    stderr: true,
  });
}

describe.each(FAILURES)('a thread that %s', (name, act) => {
  test('costs the structure of its message, not the message, and not the next one', async () => {
    const clock = new ManualClock();
    const errors: unknown[] = [];
    const threads = [act, 'parentPort.postMessage({ date: 1 })'];
    await using parsing = new Parsing({
      clock,
      log: { error: (facts) => void errors.push(facts) },
      thread: () => failing(threads.shift()!),
    });
    const first = parsing.parse(spooled(crowded));
    const second = parsing.parse(spooled(crowded));
    if (name === 'answers nothing') {
      while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(PARSE_DEADLINE);
    }
    const details = detailsOf(await first, crowded.length);
    expect(details.envelope).toMatchObject({ subject: 'parts', from: [{ address: 'bob@example.test' }] });
    const { type, subtype, encoding, children, bodyStart, bodyEnd } = details.structure;
    expect({ type, subtype, encoding, children }).toEqual({
      type: 'application',
      subtype: 'octet-stream',
      encoding: 'binary',
      children: [],
    });
    expect(crowded.subarray(bodyStart, bodyEnd).toString()).toBe(
      crowded.toString().split('\r\n\r\n').slice(1).join('\r\n\r\n'),
    ); // prettier-ignore
    expect(details.hasAttachment).toBe(true);
    expect(errors).toHaveLength(1);
    expect(await second).toEqual({ date: 1 });
    expect(threads).toEqual([]);
  });
});

test('a text that could not be parsed in time stays a text', async () => {
  await using parsing = new Parsing({ clock: new ManualClock(), thread: () => failing('process.exit(0)') });
  const { structure, preview } = detailsOf(await parsing.parse(new MemorySource(large)), large.length);
  expect([structure.type, structure.subtype, large.length - structure.bodyEnd]).toEqual(['text', 'plain', 0]);
  expect(preview).toMatch(/^Hello there. Hello/);
});

test('a source that cannot be read is told, and the thread begins the next message anew', async () => {
  await using parsing = new Parsing({ clock: new ManualClock() });
  const broken: RawSource = {
    ...spooled(crowded),
    async *read() {
      yield multipart(7).subarray(0, 500);
      throw new Error('the disk');
    },
  };
  await expect(parsing.parse(broken)).rejects.toThrow('the disk');
  expect(detailsOf(await parsing.parse(spooled(multipart(5))), 1).structure.children).toHaveLength(5);
});

test('a store whose thread dies takes every message, and gives it back byte for byte', async () => {
  const { store, alice } = await aliceLab({ thread: () => failing('process.exit(1)') });
  for (const raw of [large, crowded, attachment]) {
    const { id } = await alice.addMessage(raw, { folder: 1 as FolderId });
    const { details, body } = await alice.getMessage(id);
    expect(Buffer.from(await body.bytes()).equals(raw)).toBe(true);
    expect(details.structure.bodyEnd).toBe(raw.length);
    expect(details.envelope.from[0]?.address).toBe('bob@example.test');
  }
  expect(await problemsOf(store)).toEqual([]);
});
