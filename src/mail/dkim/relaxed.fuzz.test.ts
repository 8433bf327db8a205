/** Beside mailauth: whoever verifies must hash what we hash. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RelaxedBody, relaxedField } from './relaxed.ts';

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 20_000);

// Its parts that have no types.
const load = createRequire(import.meta.url);
const { dkimBody } = load('mailauth/lib/dkim/body/index.js') as {
  dkimBody: (
    form: string,
    algorithm: string,
    limit: false,
  ) => { update(bytes: Buffer): void; digest(form: string): string };
};
const { formatRelaxedLine } = load('mailauth/lib/tools.js') as { formatRelaxedLine: (line: Buffer) => Buffer };

const text = (...parts: string[]): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...parts), { maxLength: 30 }).map((some) => some.join(''));

test('a body in any pieces is hashed as another implementation does', () => {
  const body = text('\r\n', '\r\n', ' ', '\t', 'a', 'word', '\r', '\xa0', '\0', 'x'.repeat(40));
  fc.assert(
    fc.property(body, fc.array(fc.nat({ max: 60 }), { maxLength: 5 }), (raw, cuts) => {
      const bytes = Buffer.from(raw, 'latin1');
      const ours = new RelaxedBody();
      let from = 0;
      for (const at of cuts.toSorted((a, b) => a - b)) {
        ours.push(bytes.subarray(from, at));
        from = Math.max(from, Math.min(at, bytes.length));
      }
      ours.push(bytes.subarray(from));
      const theirs = dkimBody('relaxed', 'sha256', false);
      theirs.update(bytes);
      expect(ours.end()).toBe(theirs.digest('base64'));
    }),
    { numRuns },
  );
});

test('a field is written as another implementation does', () => {
  const value = text('\r\n\t', '\r\n ', ' ', '\t', 'a', ':', 'Word', '\r', '\xa0');
  fc.assert(
    fc.property(fc.constantFrom('Subject', 'subject ', 'X-\t', 'To'), value, (name, some) => {
      const field = `${name}:${some}`;
      const theirs = formatRelaxedLine(Buffer.from(`${field}\r\n`, 'latin1')).toString('latin1');
      expect(relaxedField(`${field}\r\n`)).toBe(theirs);
    }),
    { numRuns },
  );
});
