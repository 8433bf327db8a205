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
