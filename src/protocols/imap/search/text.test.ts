import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMessage } from '../../../mail/parse.ts';
import type { Body } from '../../../mailstore/api.ts';
import { ForwardReader } from './forward-reader.ts';
import { bodyTexts } from './text.ts';

/** A body in memory that counts how often it is opened, and what is open. */
class CountedBody implements Body {
  opened = 0;
  open = 0;
  readonly #raw: Uint8Array;
  readonly #piece: number;

  constructor(raw: Uint8Array, piece = 65_536) {
    this.#raw = raw;
    this.#piece = piece;
  }

  get size(): number {
    return this.#raw.length;
  }

  async *stream(start = 0, end = this.size): AsyncIterable<Uint8Array> {
    this.opened++;
    this.open++;
    try {
      for (let at = start; at < end; at += this.#piece) yield this.#raw.subarray(at, Math.min(end, at + this.#piece));
    } finally {
      this.open--;
    }
  }

  async bytes(start = 0, end = this.size): Promise<Uint8Array> {
    return Buffer.concat(await Array.fromAsync(this.stream(start, end)));
  }
}

function multipart(parts: readonly string[]): Buffer {
  const lines = parts.map((part) => `--b\r\n${part}\r\n`);
  return Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${lines.join('')}--b--\r\n`);
}

async function textsOf(raw: Buffer): Promise<{ texts: string[]; body: CountedBody }> {
  const body = new CountedBody(raw);
  return { texts: await Array.fromAsync(bodyTexts(body, parseMessage(raw).structure, 0)), body };
}

test('a mail of thousands of small parts is opened once', async () => {
  const words = Array.from({ length: 5_000 }, (_, i) => `Word${i}`);
  const { texts, body } = await textsOf(multipart(words.map((word) => `\r\n${word}`)));
  expect(texts).toEqual(words.map((word) => word.toLowerCase()));
  expect(body).toMatchObject({ opened: 1, open: 0 });
});

test('messages inside: header and text, each where it is', async () => {
  const inner = (i: number): string => `Content-Type: message/rfc822\r\n\r\nSubject: Inner ${i}\r\n\r\nText ${i}`;
  const { texts, body } = await textsOf(multipart([inner(1), '\r\nbetween', inner(2)]));
  expect(texts).toEqual(['subject: inner 1', 'text 1', 'between', 'subject: inner 2', 'text 2']);
  expect(body).toMatchObject({ opened: 1, open: 0 });
});

test('an attachment between the texts is not read', async () => {
  const attachment = `Content-Type: application/pdf\r\n\r\n${'A'.repeat(3_000_000)}`;
  const { texts, body } = await textsOf(multipart(['\r\nbefore', attachment, '\r\nbehind']));
  expect(texts).toEqual(['before', 'behind']);
  expect(body).toMatchObject({ opened: 2, open: 0 });
});

test('whoever stops early leaves nothing open', async () => {
  const raw = multipart(['\r\none', '\r\ntwo', '\r\nthree']);
  const body = new CountedBody(raw);
  for await (const text of bodyTexts(body, parseMessage(raw).structure, 0)) if (text === 'two') break;
  expect(body).toMatchObject({ opened: 1, open: 0 });
});

test('any stretches in any order', async () => {
  const raw = Buffer.from(Array.from({ length: 700_000 }, (_, i) => i % 251));
  const place = fc.nat({ max: raw.length + 10 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(place, fc.oneof(fc.nat({ max: 100 }), place)), { maxLength: 8 }),
      fc.constantFrom(7_001, 65_536, 1_000_000),
      fc.boolean(),
      async (stretches, piece, ascending) => {
        const body = new CountedBody(raw, piece);
        await using forward = new ForwardReader(body);
        if (ascending) stretches.sort(([a], [b]) => a - b);
        for (const [start, length] of stretches) {
          const found = await forward.bytes(start, start + length);
          if (Buffer.compare(found, raw.subarray(start, start + length)) !== 0) throw new Error(`${start} ${length}`);
        }
      },
    ),
    { numRuns: 200 },
  );
});
