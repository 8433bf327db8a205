import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import { planSevenBit, writeSevenBit } from './seven-bit.ts';

async function converted(mail: string | Buffer): Promise<string | undefined> {
  const raw = Buffer.from(mail);
  const pieces = await planSevenBit(raw);
  return pieces && Buffer.concat([...writeSevenBit(raw, pieces)]).toString('latin1');
}

const KOREAN = '안녕하세요, 파발입니다.\r\n';

test('text becomes quoted-printable or base64, whichever is shorter', async () => {
  const head = 'Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n';
  const mostly = await converted(
    `${head}Content-Transfer-Encoding: 8bit\r\n\r\nGrüße = fine, and so on, and so forth \r\nend`,
  );
  expect(mostly).toBe(
    `${head}Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe =3D fine, and so on, and so forth=20\r\nend`,
  );
  const korean = await converted(`${head}\r\n${KOREAN}`);
  expect(korean).toBe(`${head}Content-Transfer-Encoding: base64\r\n\r\n${Buffer.from(KOREAN).toString('base64')}`);
});

test('mail that says nothing of MIME says so then', async () => {
  expect(await converted('Subject: x\r\n\r\nGrüße, und noch etwas mehr\r\n')).toBe(
    'Subject: x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe, und noch etwas mehr\r\n',
  );
});

test('each part that needs it, and no other', async () => {
  const mail = [
    'Subject: parts',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    'Content-Transfer-Encoding: 8bit',
    '',
    'preamble',
    '--b',
    '',
    'plain ascii',
    '--b',
    'Content-Type: text/plain; charset=utf-8',
    '',
    KOREAN,
    '--b',
    'Content-Type: message/rfc822',
    'Content-Transfer-Encoding: 8bit',
    '',
    'Subject: inner',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'tschüß, and so on and so forth',
    '--b--',
    '',
  ].join('\r\n');
  const out = (await converted(mail)) ?? '';
  expect(out).not.toMatch(/[\x80-\xff]/);
  expect(out).toContain('\r\n--b\r\n\r\nplain ascii\r\n--b\r\n');
  expect(out).toContain('Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nSubject: inner');
  expect(out).toContain('tsch=C3=BC=C3=9F');
  const [before, after] = await Promise.all([simpleParser(Buffer.from(mail), {}), simpleParser(Buffer.from(out), {})]);
  expect(after.text).toBe(before.text);
  expect(after.subject).toBe('parts');
});

test('binary parts, bare line ends and endless lines', async () => {
  const bytes = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7) & 255));
  const head = 'MIME-Version: 1.0\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\n';
  const out = (await converted(Buffer.concat([Buffer.from(head), bytes]))) ?? '';
  expect(Buffer.from(out.slice(out.indexOf('\r\n\r\n')), 'base64')).toEqual(bytes);
  expect(Math.max(...out.split('\r\n').map(({ length }) => length))).toBeLessThanOrEqual(76);
  const long = await converted(`MIME-Version: 1.0\r\n\r\n${'x'.repeat(5000)}`);
  expect(Math.max(...(long ?? '').split('\r\n').map(({ length }) => length))).toBeLessThanOrEqual(76);
  expect(await converted('MIME-Version: 1.0\r\n\r\na\nb\rc')).toContain('a=0Ab=0Dc');
});

test.each([
  ['signed', 'Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nä\r\n--b--\r\n'],
  ['encrypted', 'Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\nä\r\n--b--\r\n'],
  ['8-bit in a header', 'Subject: ä\r\n\r\nä\r\n'],
  ['8-bit between the parts', 'Content-Type: multipart/mixed; boundary=b\r\n\r\nä\r\n--b\r\n\r\nx\r\n--b--\r\n'],
  ['encoded, and 8-bit', 'Content-Transfer-Encoding: base64\r\n\r\nä\r\n'],
  ['part of a mail', 'Content-Type: message/partial; id=x\r\n\r\nä\r\n'],
])('%s: it cannot be done', async (_what, mail) => expect(await converted(mail)).toBeUndefined());

test('what is text already stays as it is', async () => {
  const mail = 'Subject: x\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n';
  expect(await converted(mail)).toBe(mail);
});

test('whatever the mail: 7-bit afterwards, and the same to read, or not at all', async () => {
  const body = fc.array(
    fc.constantFrom(
      'ä',
      '한',
      'a',
      ' ',
      '\t',
      '=',
      '.',
      '\r\n',
      '\r\n',
      '\r\n--b\r\n',
      '\n',
      '\r',
      '\0',
      'x'.repeat(90),
    ),
  ); // prettier-ignore
  const head = fc.constantFrom(
    '',
    'Content-Type: text/plain; charset=utf-8\r\n',
    'Content-Type: multipart/mixed; boundary=b\r\n',
    'Content-Type: message/rfc822\r\n',
    'Content-Transfer-Encoding: 8bit\r\nX-Last: y\r\nContent-Transfer-Encoding: binary\r\n',
  );
  await fc.assert(
    fc.asyncProperty(head, body, async (header, words) => {
      const raw = Buffer.from(`Subject: x\r\n${header}\r\n${words.join('')}`);
      const pieces = await planSevenBit(raw);
      if (pieces === undefined) return;
      const out = Buffer.concat([...writeSevenBit(raw, pieces)]).toString('latin1');
      expect(out).not.toMatch(/[\x80-\xff\0]/);
      expect(out.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    }),
    { numRuns: 1000 },
  );
});
