import { afterAll, beforeAll, test } from 'vitest';
import { ImapService } from '../../../../test/imap/service.ts';

let service: ImapService;
beforeAll(async () => {
  service = await ImapService.start({ plaintextLogin: true });
  const add = (day: number, ...lines: readonly string[]) =>
    service.deliver('A', 'INBOX', [`${lines.join('\r\n')}\r\n\r\n${'x'.repeat(1000 - 100 * day)}\r\n`], {
      internalDate: Date.UTC(2024, 0, day),
      ...(day === 2 && { flags: 1 }),
    });
  await add(
    1,
    'From: "Zoe" <bob@a.test>',
    'To: x@a.test',
    'Subject: Re: Plan',
    'Date: Wed, 3 Jan 2024 10:00:00 +0900',
    'Message-ID: <2@t>',
    'References: <1@t>',
  ); // prettier-ignore
  await add(
    2,
    'From: Alice@a.test',
    'Cc: z@a.test',
    'Subject: beta',
    'Date: Wed, 3 Jan 2024 00:30:00 +0000',
    'Message-ID: <4@t>',
  ); // prettier-ignore
  await add(
    3,
    'From: =?utf-8?B?6rmA?= <kim@a.test>',
    'To: b@a.test',
    'Subject: plan',
    'Date: Mon, 1 Jan 2024 00:00:00 +0000',
    'Message-ID: <1@t>',
  ); // prettier-ignore
  await add(
    4,
    'From: bob@a.test',
    'To: team: y@a.test;',
    'Subject: [list] Fwd: Beta',
    'Message-ID: <5@t>',
    'In-Reply-To: <0@t>',
  ); // prettier-ignore
});
afterAll(() => service[Symbol.asyncDispose]());

test.each([
  ['SORT (ARRIVAL) UTF-8 ALL', 'SORT 1 2 3 4'],
  ['SORT (REVERSE ARRIVAL) UTF-8 ALL', 'SORT 4 3 2 1'],
  ['SORT (DATE) UTF-8 ALL', 'SORT 3 2 1 4'],
  ['SORT (SIZE) US-ASCII ALL', 'SORT 4 3 2 1'],
  ['SORT (FROM) UTF-8 ALL', 'SORT 2 1 4 3'],
  ['SORT (FROM REVERSE DATE) UTF-8 ALL', 'SORT 2 4 1 3'],
  ['SORT (DISPLAYFROM) UTF-8 ALL', 'SORT 2 4 1 3'],
  ['SORT (TO) UTF-8 ALL', 'SORT 2 3 4 1'],
  ['SORT (DISPLAYTO) UTF-8 ALL', 'SORT 2 3 4 1'],
  ['SORT (REVERSE CC) UTF-8 ALL', 'SORT 2 1 3 4'],
  ['SORT (SUBJECT DATE) UTF-8 ALL', 'SORT 2 4 3 1'],
  ['SORT (SUBJECT) UTF-8 UNSEEN', 'SORT 4 1 3'],
  ['SORT (SUBJECT) UTF-8 FROM nobody', 'SORT'],
  ['UID SORT (REVERSE SIZE) UTF-8 UID 2:4', 'SORT 2 3 4'],
  ['SORT RETURN (ALL MIN MAX COUNT) (DATE) UTF-8 ALL', 'ESEARCH (TAG "b") MIN 3 MAX 4 COUNT 4 ALL 3,2,1,4'],
  ['UID SORT RETURN () (ARRIVAL) UTF-8 ALL', 'ESEARCH (TAG "b") UID ALL 1:4'],
  ['SORT RETURN (PARTIAL 2:3) (DATE) UTF-8 ALL', 'ESEARCH (TAG "b") PARTIAL (2:3 2,1)'],
  ['THREAD REFERENCES UTF-8 ALL', 'THREAD (3 1)(2 4)'],
  ['UID THREAD REFERENCES UTF-8 UID 1,2,4', 'THREAD (2 4)(1)'],
  ['THREAD ORDEREDSUBJECT UTF-8 ALL', 'THREAD (3 1)(2 4)'],
  ['THREAD ORDEREDSUBJECT UTF-8 SEEN FLAGGED', 'THREAD'],
])('%s', (line, answer) =>
  service.transcript(`
    A> a EXAMINE INBOX
    A< ...
    A< /^a OK/
    A> b ${line}
    A< * ${answer}
    A< /^b OK /
  `),
);

test('what cannot be', () =>
  service.transcript(`
    A> a EXAMINE INBOX
    A< ...
    A< /^a OK/
    A> b SORT () UTF-8 ALL
    A< /^b BAD/
    A> c SORT (REVERSE) UTF-8 ALL
    A< /^c BAD/
    A> d SORT (COLOUR) UTF-8 ALL
    A< /^d BAD/
    A> e SORT (DATE) KLINGON ALL
    A< /^e NO .BADCHARSET/
    A> f THREAD JWZ UTF-8 ALL
    A< /^f BAD/
    A> g THREAD REFERENCES UTF-8
    A< /^g BAD/
  `));

test('a result that is kept is a set in the order of the folder', () =>
  service.transcript(`
    A> a EXAMINE INBOX
    A< ...
    A< /^a OK/
    A> b SORT RETURN (SAVE) (REVERSE SIZE) UTF-8 1:2
    A< /^b OK/
    A> c SEARCH $
    A< * SEARCH 1 2
    A< /^c OK/
  `));
