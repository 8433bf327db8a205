/** What fuzz tests share. */
import fc from 'fast-check';

export const RUNS = Number(process.env['FUZZ_RUNS'] ?? 20_000);

/** Strings put together from pieces of the grammar, with noise between them. */
export function grammar(pieces: readonly string[], maxLength = 40): fc.Arbitrary<string> {
  const noise = fc.string({ unit: 'binary', maxLength: 4 }).map((text) => Buffer.from(text).toString('latin1'));
  return fc
    .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...pieces) }, { weight: 1, arbitrary: noise }), {
      maxLength,
      size: 'max',
    })
    .map((list) => list.join(''));
}

/** These bytes after a few changes: some removed, repeated, cut off, a bit of one flipped, or one of the `pieces` put between them. */
export function mutated(
  originals: readonly Buffer[],
  pieces: readonly string[],
  most: { readonly changes: number; readonly bytes: number },
): fc.Arbitrary<Buffer> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat({ max: most.bytes }),
    kind: fc.constantFrom('remove', 'repeat', 'insert', 'flip', 'cut'),
    piece: fc.constantFrom(...pieces),
  });
  return fc
    .tuple(fc.constantFrom(...originals), fc.array(change, { minLength: 1, maxLength: most.changes }))
    .map(([original, changes]) => {
      let bytes = original;
      for (const { at, length, kind, piece } of changes) {
        const start = Math.floor(at * bytes.length);
        const end = Math.min(bytes.length, start + length);
        if (kind === 'cut') bytes = bytes.subarray(0, start);
        else if (kind === 'flip') {
          bytes = Buffer.from(bytes);
          if (start < bytes.length) bytes[start] = bytes[start]! ^ (1 << (length & 7));
        } else {
          const middle = {
            remove: Buffer.alloc(0),
            repeat: Buffer.concat([bytes.subarray(start, end), bytes.subarray(start, end)]),
            insert: Buffer.from(piece, 'latin1'),
          }[kind];
          bytes = Buffer.concat([bytes.subarray(0, start), middle, bytes.subarray(kind === 'insert' ? start : end)]);
        }
      }
      return bytes;
    });
}
