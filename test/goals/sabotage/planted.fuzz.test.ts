/** Faults planted for the control of G10; only its own configuration runs this file. */
import fc from 'fast-check';
import { test } from 'vitest';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 20_000);

function faultyParser(bytes: Uint8Array): void {
  if (bytes[3] === 0x40 && bytes[4] !== undefined && bytes[4] > 0x80) throw new TypeError('planted');
}

test('a rare fault', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), faultyParser), { numRuns: RUNS });
});

test('a name that reaches the prototype', () => {
  const parsed: Record<string, Record<string, unknown>> = {};
  for (const name of ['a', '__proto__']) (parsed[name] ??= {})['planted'] = true;
});
