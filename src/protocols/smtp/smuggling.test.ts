import { expect, test } from 'vitest';
import { startSmtp } from '../../../test/smtp/harness.ts';

/** What some server somewhere takes for the end of a message. */
const ENDINGS = [
  '\n.\n',
  '\n.\r\n',
  '\r\n.\n',
  '\r.\r',
  '\r\n.\r',
  '\r.\r\n',
  '\n.\r',
  '\r\n.\0\r\n',
  '\r\n..\r\n',
  '\r\n. \r\n',
  '\r.\n',
  '\n\n.\r\n',
  '\r\r\n.\r\r\n',
  '\r\n.\r\r\n',
  '\r\n\0.\r\n',
  '\r\n.\t\r\n',
  '\x85.\x85',
  '\v.\v',
  '\f.\r\n',
  '\r\n.\n\r\n',
]; // prettier-ignore

const INNER = 'MAIL FROM:<evil@x.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nx';
const OUTER = 'HLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<bob@example.test>\r\n';

/** Sends a message with another hidden behind a false ending, cut at `at`; answers how many were accepted. */
async function smuggle(ending: string, at: number, chunked: boolean, role: 'smtp' | 'lmtp'): Promise<number> {
  await using smtp = await startSmtp({ role });
  const wire = await smtp.connect();
  await wire.write(`${role === 'lmtp' ? 'L' : 'E'}${OUTER}`);
  await wire.skipToLine('250 2.1.5');
  const body = `Subject: outer\r\n\r\nx${ending}${INNER}\r\n.\r\nQUIT\r\n`;
  let text = body;
  if (chunked) {
    const content = body.slice(0, -'.\r\nQUIT\r\n'.length);
    text = `BDAT ${content.length} LAST\r\n${content}QUIT\r\n`;
  } else {
    await wire.write('DATA\r\n');
    await wire.skipToLine('354');
  }
  const bytes = Buffer.from(text, 'latin1');
  const cut = Math.min(bytes.length, text.indexOf(ending) + at);
  await wire.write(bytes.subarray(0, cut));
  await new Promise((resolve) => setImmediate(resolve));
  await wire.write(bytes.subarray(cut));
  const answer = (await wire.rest()).toString();
  const taken = answer.split('\r\n').filter((line) => line.startsWith('250 2.0.0 Accepted')).length;
  expect(smtp.accepted).toHaveLength(taken);
  if (taken === 0) expect(answer).toMatch(/^(554 5\.6\.0|503) /m);
  for (const { raw } of smtp.accepted) expect(raw.toString('latin1')).toMatch(/^Subject: outer/);
  return taken;
}

let runs = 0;

test.each(ENDINGS)('a message cannot end in %j, wherever the stream is cut (D1, G13)', async (ending) => {
  const bare = /(?<!\r)\n|\r(?!\n)/.test(ending);
  for (const role of ['smtp', 'lmtp'] as const)
    for (const chunked of [false, true])
      for (let at = -4; at <= ending.length + 6; at++) {
        expect(await smuggle(ending, at, chunked, role)).toBe(bare ? 0 : 1);
        runs++;
      }
});

test('that was often enough', () => expect(runs).toBeGreaterThan(900));
