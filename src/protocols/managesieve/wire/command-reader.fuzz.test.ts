/** Whatever comes: a command, or what is wrong with it; never more is read than was sent. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConnectionError } from '../../../net/error.ts';
import { readCommand } from './command-reader.ts';
import { literal, string } from './string.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 20_000);

/** Reads from bytes in memory as a connection does. */
class Bytes {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  readLine(): Buffer {
    const lf = this.#bytes.indexOf(0x0a, this.#at);
    if (lf < 0) throw new ConnectionError('closed');
    const line = this.#bytes.subarray(this.#at, this.#bytes[lf - 1] === 0x0d && lf > this.#at ? lf - 1 : lf);
    this.#at = lf + 1;
    return line;
  }

  readBytes(size: number): Buffer {
    if (size > this.left) throw new ConnectionError('closed');
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  async skip(size: number): Promise<void> {
    this.readBytes(size);
  }
}

const PIECES = [
  'NOOP',
  ' ',
  '"a"',
  '"',
  '\\',
  '{3+}\r\nabc',
  '{2+}\r\nab',
  '{99999+}\r\n',
  '{3}',
  '7',
  '\r\n',
  '\n',
  '\0',
  '한',
];

test('anything', async () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(''))),
  );
  await fc.assert(
    fc.asyncProperty(noise, async (bytes) => {
      const source = new Bytes(bytes);
      try {
        for (;;) {
          const read = await readCommand(source, 50);
          if (!('malformed' in read)) expect(read.name).toMatch(/^[A-Z]+$/);
        }
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
      }
    }),
    { numRuns: RUNS },
  );
});

test('what is written is read again', async () => {
  const argument = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.nat());
  await fc.assert(
    fc.asyncProperty(fc.array(argument, { maxLength: 8 }), fc.boolean(), async (args, literals) => {
      const written = args.map((one) => {
        if (typeof one === 'number') return ` ${one}`;
        const text = literals ? literal(one) : string(one);
        return ` ${text.startsWith('{') ? text.replace('}', '+}') : text}`;
      });
      const source = new Bytes(Buffer.from(`Cmd${written.join('')}\r\n`));
      expect(await readCommand(source, 1000)).toEqual({ name: 'CMD', arguments: args });
      expect(source.left).toBe(0);
    }),
    { numRuns: RUNS / 4 },
  );
});
