import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Base64Encoder, type Base64Recipe, decodedStart, encodedSize, ExactBase64Decoder } from './base64-exact.ts';

function decode(encoded: Buffer, step = encoded.length || 1): { decoded: Buffer; recipe: Base64Recipe | undefined } {
  const decoder = new ExactBase64Decoder();
  const out: Buffer[] = [];
  for (let at = 0; at < encoded.length; at += step) out.push(decoder.push(encoded.subarray(at, at + step)));
  const { rest, recipe } = decoder.end();
  return { decoded: Buffer.concat([...out, rest]), recipe };
}

function encode(decoded: Buffer, recipe: Base64Recipe, from = 0, step = 7): Buffer {
  const encoder = new Base64Encoder(recipe, from);
  const out: Buffer[] = [];
  for (let at = from; at < decoded.length; at += step) out.push(encoder.push(decoded.subarray(at, at + step)));
  return Buffer.concat([...out, encoder.end()]);
}

const layouts = fc.record({
  content: fc.uint8Array({ minLength: 1, maxLength: 400 }),
  lineLength: fc.constantFrom(0, 4, 60, 61, 64, 72, 76, 200),
  eol: fc.constantFrom('\r\n' as const, '\n' as const),
  tail: fc.constantFrom('', '\r\n', '\n', '\r\n\r\n', '\r\n \t\r\n'),
  step: fc.integer({ min: 1, max: 100 }),
});

describe('base64 kept decoded', () => {
  test('whatever was wrapped evenly is rebuilt byte for byte, in pieces of any size, from any offset', () => {
    fc.assert(
      fc.property(layouts, fc.nat(), ({ content, lineLength, eol, tail, step }, at) => {
        const base64 = Buffer.from(content).toString('base64');
        const lines = lineLength === 0 ? [base64] : base64.match(new RegExp(`.{1,${lineLength}}`, 'g'))!;
        const encoded = Buffer.from(lines.join(eol) + tail);
        const { decoded, recipe } = decode(encoded, step);
        expect(recipe).toBeDefined();
        expect(decoded).toEqual(Buffer.from(content));
        expect(encode(decoded, recipe!, 0, step)).toEqual(encoded);
        expect(encodedSize(recipe!, decoded.length)).toBe(encoded.length);
        const offset = at % (encoded.length + 1);
        const { from, skip } = decodedStart(recipe!, decoded.length, offset);
        expect(from % 3).toBe(0);
        expect(skip).toBeLessThanOrEqual(tail.length + 8);
        expect(encode(decoded, recipe!, from).subarray(skip)).toEqual(encoded.subarray(offset));
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['a shorter line in the middle', 'QUJDREVG\r\nQUJD\r\nQUJDREVG\r\n'],
    ['a longer line', 'QUJD\r\nQUJDREVG\r\n'],
    ['two kinds of line ends', 'QUJD\r\nQUJD\nQUJD\r\n'],
    ['bits that decoding drops', 'QUJDREVG\r\nQR==\r\n'],
    ['padding in the middle', 'QQ==\r\nQUJD\r\n'],
    ['missing padding', 'QUJDQQ\r\n'],
    ['a blank in a line', 'QU JD\r\n'],
    ['a blank before the line end', 'QUJD \r\nQUJD\r\n'],
    ['the URL alphabet', 'QU-_QUJD\r\n'],
    ['the URL alphabet in the last group', 'QUJDQU-_'],
    ['a comment after the end', 'QUJD\r\n\r\nhello\r\n'],
    ['garbage', 'QU!JD'],
    ['a blank first line', '\r\nQUJD\r\n'],
    ['nothing', ''],
    ['only a line end', '\r\n'],
    ['too many blank lines', `QUJD${'\r\n'.repeat(600)}`],
  ])('%s cannot be rebuilt, so there is no recipe', (_, text) => {
    for (const step of [1, 3, 1000]) expect(decode(Buffer.from(text), step).recipe).toBeUndefined();
  });

  test('ten megabytes in pieces stay within bounds', () => {
    const content = Buffer.alloc(1 << 20, 'attachment ');
    const encoded = Buffer.from(content.toString('base64').replaceAll(/.{76}/g, '$&\r\n'));
    const { decoded, recipe } = decode(encoded, 64 << 10);
    expect(recipe).toMatchObject({ lineLength: 76, eol: '\r\n' });
    expect(decoded.equals(content)).toBe(true);
    expect(encode(decoded, recipe!, 0, 64 << 10).equals(encoded)).toBe(true);
  });
});
