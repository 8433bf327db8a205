import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { mail } from '../../test/support/mail-store.ts';
import { ManualClock } from '../adapters/clock-manual.ts';
import { BATCH_DEADLINE, BatchParser, PARTS_AT_ONCE, parseOrdinary } from './batch-parser.ts';
import type { ParsedContent } from './parsed-content.ts';

const crowded = mail('parts', `${'--b\r\n\r\nx\r\n'.repeat(PARTS_AT_ONCE)}--b--\r\n`, [
  'Content-Type: multipart/mixed; boundary=b',
]);
const large = mail('large', `--b\r\n\r\n${'A line of text.\r\n'.repeat(5_000)}--b--\r\n`, [
  'Content-Type: multipart/mixed; boundary=b',
]);
const answer = Buffer.from(
  'From: a@example.test\r\nMessage-ID: <2@x>\r\nReferences: <0@x> <1@x>\r\nSubject: Re: 안녕\r\n\r\n',
);
const messages = [mail('first'), Buffer.alloc(0), crowded, large, answer, Buffer.from('no header'), mail('last')];

function plain(content: ParsedContent | undefined): unknown {
  return (
    content && {
      ...content,
      details: Buffer.from(content.details).toString('latin1'),
      threadKeys: content.threadKeys.map(({ key, keep }) => [Buffer.from(key).toString('hex'), keep]),
    }
  );
}

const expected = messages.map((raw) => plain(parseOrdinary(raw)));

/** A parser whose threads are counted. */
function counted(act?: string): { parser: BatchParser; clock: ManualClock; errors: unknown[]; threads: () => number } {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  let threads = 0;
  const url = act === undefined ? new URL('./batch-worker.ts', import.meta.url) : failing(act);
  const parser = new BatchParser({
    clock,
    log: { error: (facts) => void errors.push(facts) },
    batchThread: () => {
      threads++;
      return new Worker(url, { stderr: true });
    },
  });
  return { parser, clock, errors, threads: () => threads };
}

function failing(act: string): URL {
  const code = `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { ${act} });`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

test('a message that comes alone needs no thread', async () => {
  const { parser, threads } = counted();
  await using _ = parser;
  for (const [i, raw] of messages.entries()) expect(plain(await parser.parse(raw))).toEqual(expected[i]);
  expect(threads()).toBe(0);
});

test('those that come together get from one thread what they would have got here', async () => {
  const { parser, threads, errors } = counted();
  await using _ = parser;
  for (let turn = 0; turn < 3; turn++) {
    const parsed = await Promise.all(messages.map((raw) => parser.parse(raw)));
    expect(parsed.map(plain)).toEqual(expected);
  }
  expect([threads(), errors]).toEqual([1, []]);
});

test('what comes while the thread works, and more than one piece holds, has its turn', async () => {
  const { parser, threads } = counted();
  await using _ = parser;
  const first = Promise.all(Array.from({ length: 20 }, () => parser.parse(large)));
  await new Promise((resolve) => setImmediate(resolve));
  const second = Promise.all(messages.map((raw) => parser.parse(raw)));
  expect((await first).every((content) => content?.large.length === 1)).toBe(true);
  expect((await second).map(plain)).toEqual(expected);
  expect(threads()).toBe(1);
});

describe('a thread that', () => {
  test.each([
    ['throws', "throw new Error('a mistake')"],
    ['ends', 'process.exit(0)'],
    ['answers nonsense', 'parentPort.postMessage(new Uint8Array(2))'],
    ['answers nothing', ''],
  ])('%s costs no message anything', async (name, act) => {
    const { parser, clock, errors, threads } = counted(act);
    await using _ = parser;
    for (let turn = 1; turn <= 2; turn++) {
      const parsing = Promise.all(messages.map((raw) => parser.parse(raw)));
      if (name === 'answers nothing') {
        while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
        await clock.advance(BATCH_DEADLINE);
      }
      expect((await parsing).map(plain)).toEqual(expected);
      expect([threads(), errors.length]).toEqual([turn, turn]);
    }
  });
});

test('after it was closed, mail is parsed here', async () => {
  const { parser, threads, errors } = counted();
  await parser[Symbol.asyncDispose]();
  expect((await Promise.all(messages.map((raw) => parser.parse(raw)))).map(plain)).toEqual(expected);
  expect([threads(), errors]).toEqual([0, []]);
});
