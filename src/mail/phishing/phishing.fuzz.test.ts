import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asksOf } from './asks.ts';
import { organisation, Originals } from './look-alike.ts';
import { warningsOf } from './warnings.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 20_000);

/** Pieces of names that nearly mean something, and anything. */
const piece = fc.oneof(
  fc.constantFrom(
    'naver',
    'paypal',
    'pаypal',
    'xn--',
    'xn--pypal-4ve',
    'login',
    '-',
    '.',
    '..',
    'com',
    'co.kr',
    '@',
    '0',
    '[::1]',
    ' ',
  ),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const name = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));

test('whatever a mail names, its warnings are short, have no control characters, and one code each', () => {
  const known = Originals.known([{ domain: 'partner-trade.test', name: 'partner' }]);
  fc.assert(
    fc.property(name, name, name, name, (from, host, shownHost, text) => {
      const found = warningsOf(
        {
          from: [{ name: from, address: host, local: '', domain: '' } as never],
          replyTo: [{ name: '', address: shownHost } as never],
          subject: text,
          text,
          links: [
            { host, shownHost },
            { host: shownHost, userinfo: true },
          ],
          fileNames: [text],
          form: true,
          list: false,
          executables: [text],
          locked: [],
        },
        {
          ownDomain: organisation(shownHost),
          known: false,
          proven: false,
          strict: true,
          originals: known,
          addressesOf: () => [text],
          newDomain: true,
          isBad: () => false,
        },
      );
      expect(new Set(found.map(({ code }) => code)).size).toBe(found.length);
      for (const { what, like } of found) expect(what + like).toMatch(/^[^\p{Cc}\u2028\u2029]{0,240}$/u);
      asksOf(text, from);
    }),
    // One run takes as long as many others: it compares with every brand.
    { numRuns: Math.ceil(RUNS / 4) },
  );
});
