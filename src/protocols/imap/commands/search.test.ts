import { afterAll, beforeAll, describe, test } from 'vitest';
import { ImapService } from '../../../../test/imap/service.ts';

let service: ImapService;
beforeAll(async () => {
  service = await ImapService.start({ plaintextLogin: true });
  const day = (n: number) => Date.UTC(2024, 0, n, 23, 59, 59);
  const add = (message: string, to: object) => service.deliver('A', 'INBOX', [message], to);
  await add(
    'From: =?utf-8?B?6rmA7Iqk7Iqk?= <Kim@Example.test>\r\nTo: team@example.test\r\nSubject: =?euc-kr?B?vsiz58fPvLy/5A==?=\r\n' +
      'Date: Tue, 2 Jan 2024 23:30:00 -0800\r\nX-Mood: Gr\r\n eat\r\n\r\nplain words\r\n',
    { flags: 1, internalDate: day(1) },
  );
  await add(
    'From: bob@example.test\r\nCc: Carol <carol@example.test>\r\nSubject: Second\r\nContent-Type: text/plain; charset=utf-8\r\n' +
      'Content-Transfer-Encoding: base64\r\n\r\n7JWI64WV7ZWY7IS47JqU\r\n',
    { flags: 4, keywords: ['$Forwarded'], internalDate: day(2) },
  );
  await add(
    `Subject: third\r\nDate: nonsense\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nCaf\u00c3\u00a9 one\r\n--b\r\n` +
      `Content-Type: message/rfc822\r\n\r\nSubject: hidden inside\r\n\r\ninner text\r\n--b--\r\n${'x'.repeat(500)}`,
    { flags: 8 | 2 | 16, internalDate: day(3) },
  );
});
afterAll(() => service[Symbol.asyncDispose]());

test.each([
  ['ALL', '1 2 3'],
  ['SEEN', '1'],
  ['UNSEEN', '2 3'],
  ['FLAGGED', '2'],
  ['DELETED ANSWERED DRAFT', '3'],
  ['UNDELETED UNANSWERED UNDRAFT UNFLAGGED', '1'],
  ['OLD', '1 2 3'],
  ['NEW', ''],
  ['RECENT', ''],
  ['KEYWORD $forwarded', '2'],
  ['UNKEYWORD $Forwarded', '1 3'],
  ['KEYWORD constructor', ''],
  ['2:3', '2 3'],
  ['*', '3'],
  ['7:9', ''],
  ['3:*', '3'],
  ['UID 1,3', '1 3'],
  ['UID 1:4294967295', '1 2 3'],
  ['NOT 2', '1 3'],
  ['OR SEEN FLAGGED', '1 2'],
  ['(OR 1 2) NOT (SEEN)', '2'],
  ['ON 2-Jan-2024', '2'],
  ['BEFORE 2-Jan-2024', '1'],
  ['SINCE 2-Jan-2024', '2 3'],
  ['SENTON 2-Jan-2024', '1'],
  ['SENTBEFORE 3-Jan-2024', '1'],
  ['SENTSINCE 1-Jan-2024', '1'],
  ['LARGER 400', '3'],
  ['SMALLER 400', '1 2'],
  ['FROM kim@example', '1'],
  ['TO TEAM', '1'],
  ['CC carol', '2'],
  ['BCC carol', ''],
  ['SUBJECT second', '2'],
  ['SUBJECT "hidden"', ''],
  ['HEADER X-Mood GREAT', ''],
  ['HEADER X-Mood "gr eat"', '1'],
  ['HEADER x-mood ""', '1'],
  ['HEADER Subject ""', '1 2 3'],
  ['TEXT "hidden inside"', '3'],
  ['BODY "hidden inside"', '3'],
  ['BODY third', ''],
  ['TEXT third', '3'],
  ['BODY "inner TEXT"', '3'],
  ['BODY "plain words"', '1'],
  ['NOT BODY words', '2 3'],
  ['OR BODY words SUBJECT second', '1 2'],
  ['TEXT ""', '1 2 3'],
])('SEARCH %s finds %s', (program, found) =>
  service.transcript(`
    A> a EXAMINE INBOX
    A< ...
    A< /^a OK/
    A> b SEARCH ${program}
    A< * SEARCH${found === '' ? '' : ` ${found}`}
    A< b OK SEARCH completed
    A> c UID SEARCH ${program}
    A< * SEARCH${found === '' ? '' : ` ${found}`}
    A< c OK SEARCH completed
  `),
);

describe('text in any charset', () => {
  test('is found by text in any charset', () =>
    service.transcript(String.raw`
      A> a EXAMINE INBOX
      A< ...
      A< /^a OK/
      A>| b SEARCH CHARSET UTF-8 SUBJECT {6+}\r\n\xec\x95\x88\xeb\x85\x95\r\n
      A< * SEARCH 1
      A< b OK SEARCH completed
      A>| c SEARCH CHARSET EUC-KR BODY {4+}\r\n\xbe\xc8\xb3\xe7\r\n
      A< * SEARCH 2
      A< c OK SEARCH completed
      A>| d SEARCH FROM "\xea\xb9\x80"\r\n
      A< * SEARCH 1
      A< d OK SEARCH completed
      # é as two characters finds é as one, in any case
      A>| e SEARCH TEXT {6+}\r\nCAFE\xcc\x81\r\n
      A< * SEARCH 3
      A< e OK SEARCH completed
      A> f SEARCH CHARSET KLINGON TEXT x
      A< f NO [BADCHARSET (US-ASCII UTF-8 EUC-KR ISO-8859-1)] That charset is not known
    `));
});

test('a large part is searched in pieces: nothing between them is lost', async () => {
  const line = `${'0123456789'.repeat(7)}\r\n`;
  const needle = 'Nadel im =\r\nHeuhaufen';
  const filler = line.repeat(65_536 / line.length - 1);
  const plain = `${filler}${'x'.repeat(65_536 - filler.length - 8 - 74)}${needle}\r\n${filler.repeat(8)}`;
  const korean = Buffer.from(`${'가나다라 마바사 '.repeat(20)}\n`.repeat(3000) + '찾을 낱말')
    .toString('base64')
    .replaceAll(/.{76}/g, '$&\r\n');
  await service.deliver('B', 'INBOX', [
    `Subject: qp\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${plain}`,
    `Subject: b64\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${korean}\r\n`,
    `Subject: html\r\nContent-Type: text/html\r\n\r\n<p>one <b>w</b>ord &amp; more</p>\r\n`,
  ]);
  await service.transcript(String.raw`
    B> a EXAMINE INBOX
    B< ...
    B< /^a OK/
    B> b SEARCH BODY "nadel im heuhaufen"
    B< * SEARCH 1
    B< b OK SEARCH completed
    B>| c SEARCH BODY {13+}\r\n\xec\xb0\xbe\xec\x9d\x84 \xeb\x82\xb1\xeb\xa7\x90\r\n
    B< * SEARCH 2
    B< c OK SEARCH completed
    B> d SEARCH BODY "one word & more"
    B< * SEARCH 3
    B< d OK SEARCH completed
  `);
});

test.each([
  'SEARCH',
  'SEARCH FOO',
  'SEARCH ()',
  'SEARCH (ALL',
  'SEARCH ON 31-Feb-2024',
  'SEARCH LARGER x',
  'SEARCH UID',
  'SEARCH OR ALL',
  'SEARCH NOT',
  'SEARCH 0',
  'SEARCH 4294967296',
  `SEARCH ${'NOT '.repeat(21)}ALL`,
  `SEARCH ${'('.repeat(21)}ALL${')'.repeat(21)}`,
  `SEARCH ${'OR ALL '.repeat(500)}ALL`,
  `SEARCH${' ALL'.repeat(1001)}`,
  'SEARCH CHARSET',
  'SEARCH HEADER x',
])('%s is malformed', (command) =>
  service.transcript(`
    A> a EXAMINE INBOX
    A< ...
    A< /^a OK/
    A> b ${command}
    A< /^b BAD /
  `),
);

describe('RETURN (RFC 4731, RFC 9394)', () => {
  test.each([
    ['() ALL', ' ALL 1:3'],
    ['(ALL) NOT 2', ' ALL 1,3'],
    ['(MIN MAX COUNT) ALL', ' MIN 1 MAX 3 COUNT 3'],
    ['(COUNT ALL) 7', ' COUNT 0'],
    ['(MIN MAX ALL) 7', ''],
    ['(PARTIAL 1:2) ALL', ' PARTIAL (1:2 1:2)'],
    ['(PARTIAL 3:2) ALL', ' PARTIAL (3:2 2:3)'],
    ['(PARTIAL -1:-2) ALL', ' PARTIAL (-1:-2 2:3)'],
    ['(PARTIAL 4:9 COUNT) ALL', ' COUNT 3 PARTIAL (4:9 NIL)'],
    ['(COUNT) CHARSET UTF-8 SEEN', ' COUNT 1'],
    ['(COUNT) UID 1:3', ' COUNT 3'],
  ])('SEARCH RETURN %s', (command, answer) =>
    service.transcript(`
      A> s SELECT INBOX
      A< ...
      A< /^s OK/
      A> a SEARCH RETURN ${command}
      A< * ESEARCH (TAG "a")${answer}
      A< a OK SEARCH completed
      A> b UID SEARCH RETURN ${command}
      A< * ESEARCH (TAG "b") UID${answer}
      A< b OK SEARCH completed
    `),
  );

  test('MODSEQ is that of the messages that are told', () =>
    service.transcript(`
      modseq> s SELECT INBOX
      modseq< ...
      modseq< /^s OK/
      modseq> a APPEND INBOX {1}
      modseq< + Ready
      modseq> x
      modseq< ...
      modseq< /^a OK/
      modseq> b APPEND INBOX {1}
      modseq< + Ready
      modseq> x
      modseq< ...
      modseq< /^b OK/
      modseq> c STORE 1 +FLAGS.SILENT (\\Seen)
      modseq< /^c OK/
      modseq> d SEARCH RETURN (MAX) MODSEQ 1
      modseq< /^. ESEARCH .TAG "d". MAX 2 MODSEQ (?<second>[0-9]+)$/
      modseq< d OK SEARCH completed
      modseq> e FETCH 2 (MODSEQ)
      modseq< /^. 2 FETCH .MODSEQ .$second..$/
      modseq< e OK FETCH completed
    `));

  test.each([
    '(FROB) ALL',
    '(PARTIAL) ALL',
    '(PARTIAL 0:1) ALL',
    '(PARTIAL 1:-1) ALL',
    '(PARTIAL 1:2 PARTIAL 1:3) ALL',
    '(ALL PARTIAL 1:2) ALL',
    'MIN ALL',
    '()',
    '() RETURN () ALL',
  ])('SEARCH RETURN %s is malformed', (command) =>
    service.transcript(`
      A> s SELECT INBOX
      A< ...
      A< /^s OK/
      A> a SEARCH RETURN ${command}
      A< /^a BAD /
    `),
  );
});

describe('SAVE and $ (RFC 5182)', () => {
  test('the result serves the commands that follow, until it goes', async () => {
    await service.deliver(
      'saves',
      'INBOX',
      [1, 2, 3, 4].map((n) => `Subject: ${n}\r\n\r\nx\r\n`),
    );
    await service.transcript(String.raw`
      saves> a SELECT INBOX
      saves< ...
      saves< /^a OK/
      saves> b FETCH $ UID
      saves< b OK FETCH completed
      saves> c SEARCH RETURN (SAVE) 2:4
      saves< c OK SEARCH completed
      saves> d FETCH $ UID
      saves< * 2 FETCH (UID 2)
      saves< * 3 FETCH (UID 3)
      saves< * 4 FETCH (UID 4)
      saves< d OK FETCH completed
      saves> e STORE 2 +FLAGS.SILENT (\Deleted)
      saves< e OK STORE completed
      saves> f EXPUNGE
      saves< * 2 EXPUNGE
      saves< f OK EXPUNGE completed
      saves> g UID SEARCH RETURN (SAVE MIN) $
      saves< * ESEARCH (TAG "g") UID MIN 3
      saves< g OK SEARCH completed
      saves> h STORE $ +FLAGS (\Flagged)
      saves< * 2 FETCH (UID 3 FLAGS (\Flagged))
      saves< h OK STORE completed
      saves> i SEARCH RETURN (SAVE COUNT) NOT $
      saves< * ESEARCH (TAG "i") COUNT 2
      saves< i OK SEARCH completed
      saves> j UID COPY $ Trash
      saves< /^j OK .COPYUID [0-9]+ 1,4 1:2. /
      saves> k SEARCH RETURN (SAVE PARTIAL -1:-1) ALL
      saves< * ESEARCH (TAG "k") PARTIAL (-1:-1 3)
      saves< k OK SEARCH completed
      saves> l SEARCH UID $
      saves< * SEARCH 3
      saves< l OK SEARCH completed
      saves> m SEARCH RETURN (SAVE) CHARSET frob ALL
      saves< ...
      saves< /^m NO/
      saves> n SELECT INBOX
      saves< ...
      saves< /^n OK/
      saves> o SEARCH $
      saves< * SEARCH
      saves< o OK SEARCH completed
      saves> p FETCH 1,$ UID
      saves< /^p BAD/
    `);
  });
});

describe('dates of saving, ages and ids', () => {
  test.each([
    ['SAVEDATESUPPORTED', '1 2 3'],
    ['SAVEDBEFORE 1-Jan-1980', ''],
    ['SAVEDSINCE 1-Jan-1970', '1 2 3'],
    ['OLDER 1', '1 2 3'],
    ['YOUNGER 1', ''],
    ['YOUNGER 4294967295', '1 2 3'],
    ['EMAILID Mffffffffffffffffffffffff', ''],
    ['THREADID T-', ''],
  ])('SEARCH %s', (command, answer) =>
    service.transcript(`
      A> s SELECT INBOX
      A< ...
      A< /^s OK/
      A> a SEARCH ${command}
      A< * SEARCH${answer === '' ? '' : ' '}${answer}
      A< a OK SEARCH completed
    `),
  );

  test('a message is found by the ids that FETCH tells', () =>
    service.transcript(`
      A> s SELECT INBOX
      A< ...
      A< /^s OK/
      A> a FETCH 2 (EMAILID THREADID)
      A< /^. 2 FETCH .EMAILID .(?<email>M[0-9a-f]{24}). THREADID .(?<thread>T[0-9a-f]{24})..$/
      A< a OK FETCH completed
      A> b SEARCH EMAILID $email THREADID $thread
      A< * SEARCH 2
      A< b OK SEARCH completed
    `));

  test.each(['OLDER 0', 'YOUNGER x', 'EMAILID', 'EMAILID a.b', 'SAVEDON', 'SAVEDATE'])(
    'SEARCH %s is malformed',
    (key) =>
      service.transcript(`
      A> s SELECT INBOX
      A< ...
      A< /^s OK/
      A> a SEARCH ${key}
      A< /^a BAD /
    `),
  );
});
