/** What the index says cannot hold a text does not: for any part of any text. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aliceLab, mail } from '../../../test/support/mail-store.ts';
import type { FolderId, MailAccount, MsgId } from '../api.ts';

const INBOX = 1 as FolderId;
const TUNING = { searchFlush: 4, searchThread: false };
/** As IMAP compares. */
const fold = (text: string): string => text.normalize('NFC').toLowerCase();

const alphabet = Array.from('abAB 1.,-_@번역을회의é\u0301ΣςİｶﾞカｱﬁⅣ가ㄳ漢字\u200b\u00ad😀𐐀𐐨');
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 40 }),
  // Words longer than a term.
  fc.nat(400).map((length) => Array.from({ length }, (_, i) => String.fromCharCode(97 + ((i * i) % 26))).join('')),
);

async function written(texts: readonly string[]): Promise<{ account: MailAccount; bodies: Map<MsgId, string> }> {
  const { alice } = await aliceLab({ tuning: TUNING });
  const bodies = new Map<MsgId, string>();
  for (const body of texts) {
    const fields = ['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: base64'];
    const raw = mail('subject', `${Buffer.from(body).toString('base64')}\r\n`, fields);
    const { id } = await alice.addMessage(raw, { folder: INBOX });
    bodies.set(id, body);
  }
  return { account: alice, bodies };
}

test('a message that holds any part of any text is never said not to', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { minLength: 1, maxLength: 8 }),
      fc.array(fc.tuple(fc.nat(7), fc.nat(400), fc.integer({ min: 1, max: 80 })), { minLength: 1, maxLength: 8 }),
      async (texts, cuts) => {
        const { account, bodies } = await written(texts);
        for (const [which, from, length] of cuts) {
          const whole = fold(texts[which % texts.length]!);
          const start = from % Math.max(1, whole.length);
          const part = whole.slice(start, start + length);
          const mayHold = await account.mayHold(part, ['body']);
          if (mayHold)
            for (const [id, body] of bodies)
              if (fold(body).includes(part)) expect(mayHold(id), JSON.stringify([part, body])).toBe(true);
        }
      },
    ),
    { numRuns: Number(process.env['HISTORY_RUNS'] ?? 25) },
  );
}, 120_000);

test('what it can tell, it tells', async () => {
  const texts = ['alphabet soup', '주간회의록', 'beta gamma', 'the end'];
  const { account, bodies } = await written(texts);
  const may = async (part: string): Promise<string[]> => {
    const mayHold = await account.mayHold(part, ['body']);
    return mayHold ? [...bodies].filter(([id]) => mayHold(id)).map(([, body]) => body) : ['?'];
  };
  expect(await may('habet')).toEqual(['alphabet soup']);
  expect(await may('abet sou')).toEqual(['alphabet soup']);
  expect(await may('회의')).toEqual(['주간회의록']);
  expect(await may('록')).toEqual(['주간회의록']);
  expect(await may('eta gam')).toEqual(['beta gamma']);
  expect(await may('nowhere')).toEqual([]);
  expect(await may('x')).toEqual(['?']);
  expect(await may('...')).toEqual(['?']);
  const subject = await account.mayHold('alphabet', ['subject']);
  expect([...bodies.keys()].some((id) => subject!(id))).toBe(false);
});
