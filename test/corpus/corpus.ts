/**
 * Messages of the shapes that mail has in the wild, and of those that break mail programs, made from a seed. Nobody's real
 * mail. Every one ends in CRLF, has no bare CR or LF and no NUL, so that it can travel over SMTP; lines may be long.
 */
import { encode, encode2022Kr, type Entity, entity, message, multipart, text, wrapBase64 } from './build.ts';
import { SeededRandom } from './random.ts';

export interface CorpusMessage {
  /** `0042-iso-2022-kr`: index and shape. */
  readonly name: string;
  readonly raw: Buffer;
}

/** `n` messages; every shape appears when n ≥ 70. Every 500th or so carries 10 MB. */
export function* corpus(n: number, seed = 1): Generator<CorpusMessage> {
  for (let i = 0; i < n; i += 1) {
    const random = new SeededRandom(seed * 1_000_003 + i);
    const big = i % 500 === 99;
    const [shape, make] = big ? BIG : SHAPES[i % SHAPES.length]!;
    const context: Context = { random, id: `<corpus.${seed}.${i}@example.test>`, index: i };
    yield { name: `${String(i).padStart(4, '0')}-${shape}`, raw: message(make(context)) };
  }
}

interface Context {
  readonly random: SeededRandom;
  readonly id: string;
  readonly index: number;
}
type Shape = readonly [name: string, make: (context: Context) => Entity | Buffer];

const KOREAN = [
  '안녕하세요',
  '회의 자료를 보내 드립니다',
  '내일 오후 세 시에 뵙겠습니다',
  '똠방각하',
  '펲시콜라',
  '감사합니다',
  '부산 사무실',
  '결제가 완료되었습니다',
  '주문하신 상품이 발송되었습니다',
  '확인 부탁드립니다',
];
/** Inside KS X 1001: what ISO-2022-KR can carry. */
const KS_X_1001 = KOREAN.filter((words) => !/[똠펲]/.test(words));
const ENGLISH = [
  'the quick brown fox',
  'jumps over the lazy dog',
  'please find attached',
  'kind regards',
  'see you tomorrow',
  'the relay horse is ready',
  'minutes of the meeting',
  'invoice 2026-11',
];
const PEOPLE = [
  'Alice Example',
  'Bob Builder',
  '김철수',
  '이영희',
  '박지성 부장',
  'Carol "CC" O\'Test',
  'Müller, Jörg',
  'دانا',
  '山田太郎',
];

function words(random: SeededRandom, list: readonly string[], count: number): string {
  return Array.from({ length: count }, () => random.pick(list)).join(random.pick([' ', '. ', ', ']));
}

function lines(random: SeededRandom, list: readonly string[], count: number): string {
  return Array.from({ length: count }, () => words(random, list, random.int(1, 4))).join('\r\n');
}

/** Date, From, To, Subject, Message-ID and MIME-Version in UTF-8 encoded words. */
function header({ random, id }: Context, subject = words(random, random.pick([ENGLISH, KOREAN]), 2)): string[] {
  const at = new Date(Date.UTC(2026, random.int(0, 11), random.int(1, 28), random.int(0, 23), random.int(0, 59)));
  return [
    `Date: ${at.toUTCString().replace('GMT', random.pick(['+0000', '+0900 (KST)', 'GMT', '-0330']))}`,
    `From: ${word(random.pick(PEOPLE))} <sender${random.int(1, 50)}@example.test>`,
    `To: ${word(random.pick(PEOPLE))} <alice@example.test>`,
    `Subject: ${word(subject)}`,
    `Message-ID: ${id}`,
    'MIME-Version: 1.0',
  ];
}

/** An encoded word where one is needed. */
function word(value: string): string {
  if (/^[\x20-\x7e]*$/.test(value)) return /[",.]/.test(value) ? `"${value.replaceAll(/["\\]/g, '\\$&')}"` : value;
  return `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
}

/** The same content under the same index: attachments that many messages share. */
const shared = new Map<number, Buffer>();
function sharedFile(index: number, size: number): Buffer {
  const known = shared.get(index);
  if (known !== undefined) return known;
  const bytes = new SeededRandom(0xf11e + index).bytes(size);
  shared.set(index, bytes);
  return bytes;
}

function attachment(name: string, content: Buffer, type = 'application/octet-stream', lineLength = 76): Entity {
  return entity(
    [
      `Content-Type: ${type}; name="${name}"`,
      'Content-Transfer-Encoding: base64',
      `Content-Disposition: attachment; filename="${name}"`,
    ],
    wrapBase64(content, lineLength),
  );
}

function plain(random: SeededRandom, charset = 'utf-8'): Entity {
  return text('plain', charset, '8bit', encode(lines(random, [...KOREAN, ...ENGLISH], random.int(1, 12)), charset));
}

function html(random: SeededRandom): Entity {
  const body = `<html><head><style>p { color: red }</style></head><body><p>${lines(random, ENGLISH, 5)}</p><div>${words(random, KOREAN, 3)}</div></body></html>`;
  return text('html', 'utf-8', 'quoted-printable', Buffer.from(body));
}

function alternative(random: SeededRandom): Entity {
  return multipart('alternative', random, [plain(random), html(random)]);
}

function withHeader(context: Context, part: Entity, subject?: string): Entity {
  return entity([...header(context, subject), ...part.header], part.body);
}

function nested(random: SeededRandom, depth: number): Entity {
  let part = plain(random);
  for (let i = 0; i < depth; i += 1) part = multipart(random.pick(['mixed', 'related', 'alternative']), random, [part]);
  return part;
}

function forwarded(context: Context, inner: Entity): Entity {
  return multipart('mixed', context.random, [
    plain(context.random),
    entity(['Content-Type: message/rfc822', 'Content-Disposition: inline'], message(inner)),
  ]);
}

function lineOf(length: number): string {
  return 'long line '.repeat(Math.ceil(length / 10)).slice(0, length);
}

function raw(body: string): Buffer {
  return Buffer.from(body.replaceAll(/\r?\n/g, '\r\n'));
}

const BIG: Shape = [
  'ten-megabytes',
  (c) =>
    withHeader(
      c,
      multipart('mixed', c.random, [
        plain(c.random),
        attachment('big.bin', sharedFile(c.index % 1000 < 500 ? 90 : 91, 10 << 20)),
      ]),
    ),
];

const SHAPES: readonly Shape[] = [
  ['plain-ascii', (c) => entity(header(c, words(c.random, ENGLISH, 2)), raw(`${lines(c.random, ENGLISH, 20)}\n`))],
  ['plain-utf8-8bit', (c) => withHeader(c, plain(c.random))],
  ['alternative', (c) => withHeader(c, alternative(c.random))],
  ['html-only', (c) => withHeader(c, html(c.random))],
  [
    'quoted-printable-korean',
    (c) => withHeader(c, text('plain', 'utf-8', 'quoted-printable', Buffer.from(lines(c.random, KOREAN, 8)))),
  ],
  ['base64-text', (c) => withHeader(c, text('plain', 'utf-8', 'base64', Buffer.from(lines(c.random, KOREAN, 8))))],
  [
    'format-flowed',
    (c) =>
      entity(
        [...header(c), 'Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes'],
        raw(`${lines(c.random, ENGLISH, 3).replaceAll(' ', ' \n')}\n> quoted \n> text\n-- \nBob\n`),
      ),
  ],
  [
    'small-attachment',
    (c) =>
      withHeader(
        c,
        multipart('mixed', c.random, [plain(c.random), attachment('note.bin', c.random.bytes(c.random.int(1, 9000)))]),
      ),
  ],
  [
    'shared-attachment-200k',
    (c) =>
      withHeader(
        c,
        multipart('mixed', c.random, [
          alternative(c.random),
          attachment('report.pdf', sharedFile(c.random.int(1, 3), 200_000), 'application/pdf'),
        ]),
      ),
  ],
  [
    'shared-attachment-other-lines',
    (c) =>
      withHeader(
        c,
        multipart('mixed', c.random, [
          plain(c.random),
          attachment(
            'copy.pdf',
            sharedFile(c.random.int(1, 3), 200_000),
            'application/pdf',
            c.random.pick([60, 64, 72]),
          ),
        ]),
      ),
  ],
  [
    'shared-attachment-twice',
    (c) =>
      withHeader(
        c,
        multipart('mixed', c.random, [
          attachment('a.bin', sharedFile(2, 200_000)),
          attachment('b.bin', sharedFile(2, 200_000)),
        ]),
      ),
  ],
  [
    'attachment-not-rebuildable',
    (c) => {
      const lines = wrapBase64(sharedFile(4, 90_000), 76).toString('latin1').split('\r\n');
      lines[10] = `${lines[10]!.slice(0, 40)}\r\n${lines[10]!.slice(40)}`;
      return withHeader(
        c,
        multipart('mixed', c.random, [
          entity(
            ['Content-Type: application/octet-stream', 'Content-Transfer-Encoding: base64'],
            Buffer.from(lines.join('\r\n')),
          ),
        ]),
      );
    },
  ],
  [
    'attachment-with-blank-lines',
    (c) =>
      withHeader(
        c,
        multipart('mixed', c.random, [
          entity(
            ['Content-Type: image/png', 'Content-Transfer-Encoding: BASE64'],
            Buffer.concat([wrapBase64(sharedFile(5, 70_001), 76), raw('\n\n\n')]),
          ),
        ]),
      ),
  ],
  [
    'attachment-text-100k',
    (c) =>
      withHeader(
        c,
        multipart('mixed', c.random, [
          plain(c.random),
          entity(
            ['Content-Type: text/csv; charset=utf-8', 'Content-Disposition: attachment; filename=table.csv'],
            Buffer.from(`${words(c.random, ENGLISH, 2)},1,2,3\r\n`.repeat(3000)),
          ),
        ]),
      ),
  ],
  ['attachment-alone', (c) => withHeader(c, attachment('alone.zip', sharedFile(6, 66_000), 'application/zip'))],
  [
    'related-inline-image',
    (c) =>
      withHeader(
        c,
        multipart('related', c.random, [
          html(c.random),
          entity(
            [
              'Content-Type: image/gif',
              'Content-Transfer-Encoding: base64',
              'Content-ID: <img1@example.test>',
              'Content-Disposition: inline; filename=dot.gif',
            ],
            wrapBase64(c.random.bytes(43)),
          ),
        ]),
      ),
  ],
  [
    'nested-mixed-related-alternative',
    (c) =>
      withHeader(
        c,
        multipart('mixed', c.random, [
          multipart('related', c.random, [
            alternative(c.random),
            attachment('x.png', c.random.bytes(500), 'image/png'),
          ]),
          attachment('y.pdf', c.random.bytes(5000), 'application/pdf'),
        ]),
      ),
  ],
  ['nested-20-deep', (c) => withHeader(c, nested(c.random, 20))],
  ['nested-120-deep', (c) => withHeader(c, nested(c.random, 120))],
  ['forwarded', (c) => withHeader(c, forwarded(c, withHeader(c, alternative(c.random))))],
  [
    'forwarded-three-times',
    (c) => {
      let inner = withHeader(c, plain(c.random));
      for (let i = 0; i < 3; i += 1) inner = withHeader(c, forwarded(c, inner));
      return inner;
    },
  ],
  [
    'forwarded-base64',
    (c) =>
      withHeader(
        c,
        multipart('mixed', c.random, [
          entity(
            ['Content-Type: message/rfc822', 'Content-Transfer-Encoding: base64'],
            wrapBase64(message(withHeader(c, plain(c.random)))),
          ),
        ]),
      ),
  ],
  [
    'digest',
    (c) =>
      withHeader(
        c,
        multipart('digest', c.random, [
          entity([], message(withHeader(c, plain(c.random)))),
          entity([], message(withHeader(c, html(c.random)))),
        ]),
      ),
  ],
  [
    'euc-kr',
    (c) =>
      entity(
        [
          ...header(c).filter((line) => !line.startsWith('Subject:')),
          `Subject: =?euc-kr?B?${encode(words(c.random, KS_X_1001, 2), 'euc-kr').toString('base64')}?=`,
          'Content-Type: text/plain; charset=euc-kr',
          'Content-Transfer-Encoding: 8bit',
        ],
        Buffer.concat([encode(lines(c.random, KS_X_1001, 6), 'euc-kr'), raw('\n')]),
      ),
  ],
  [
    'ks_c_5601-1987',
    (c) =>
      entity(
        [
          ...header(c).filter((line) => !/^(Subject|From):/.test(line)),
          `From: "=?ks_c_5601-1987?B?${encode('김철수', 'cp949').toString('base64')}?=" <kim@example.test>`,
          `Subject: =?ks_c_5601-1987?B?${encode('똠방각하 펲시', 'cp949').toString('base64')}?=`,
          'Content-Type: text/plain;',
          '\tcharset="ks_c_5601-1987"',
          'Content-Transfer-Encoding: base64',
        ],
        wrapBase64(encode(lines(c.random, KOREAN, 6), 'cp949')),
      ),
  ],
  [
    'iso-2022-kr',
    (c) =>
      entity(
        [
          ...header(c).filter((line) => !line.startsWith('Subject:')),
          `Subject: =?ISO-2022-KR?B?${encode2022Kr(words(c.random, KS_X_1001, 1)).toString('base64')}?=`,
          'Content-Type: text/plain; charset=iso-2022-kr',
          'Content-Transfer-Encoding: 7bit',
        ],
        Buffer.concat([encode2022Kr(lines(c.random, KS_X_1001, 6)), raw('\n')]),
      ),
  ],
  [
    'raw-8bit-korean-header',
    (c) =>
      entity(
        [
          Buffer.concat([
            Buffer.from('From: '),
            encode('홍길동', 'cp949'),
            Buffer.from(' <hong@example.test>'),
          ]).toString('latin1'),
          'To: alice@example.test',
          encode(`Subject: ${words(c.random, KOREAN, 2)}`, 'cp949').toString('latin1'),
        ],
        Buffer.concat([encode(lines(c.random, KOREAN, 5), 'cp949'), raw('\n')]),
      ),
  ],
  [
    'raw-utf8-header',
    (c) =>
      entity(
        [
          Buffer.from(`From: 김철수 <김@example.test>`).toString('latin1'),
          Buffer.from(`Subject: ${words(c.random, KOREAN, 3)}`).toString('latin1'),
          `Message-ID: ${c.id}`,
        ],
        raw('body\n'),
      ),
  ],
  [
    'mislabelled-ascii',
    (c) => withHeader(c, text('plain', 'us-ascii', '8bit', Buffer.from(lines(c.random, KOREAN, 4)))),
  ],
  [
    'mislabelled-utf8',
    (c) => withHeader(c, text('plain', 'utf-8', '8bit', encode(lines(c.random, KOREAN, 4), 'cp949'))),
  ],
  [
    'mislabelled-latin1',
    (c) => withHeader(c, text('plain', 'iso-8859-1', '8bit', encode(lines(c.random, KOREAN, 4), 'cp949'))),
  ],
  [
    'unknown-charset',
    (c) => withHeader(c, text('plain', 'x-nonsense', '8bit', Buffer.from(lines(c.random, KOREAN, 4)))),
  ],
  [
    'no-charset-korean',
    (c) => entity(header(c), Buffer.concat([encode(lines(c.random, KOREAN, 4), 'cp949'), raw('\n')])),
  ],
  [
    'latin1',
    (c) => withHeader(c, text('plain', 'iso-8859-1', 'quoted-printable', encode('Grüße aus Köln, café', 'latin1'))),
  ],
  ['gb18030', (c) => withHeader(c, text('plain', 'gb2312', 'base64', encode('你好，世界。會議資料', 'gb18030')))],
  ['big5', (c) => withHeader(c, text('plain', 'big5', '8bit', encode('會議資料在此', 'big5')))],
  ['shift-jis', (c) => withHeader(c, text('plain', 'shift_jis', '8bit', encode('会議の資料です', 'shift_jis')))],
  [
    'iso-2022-jp',
    (c) => entity([...header(c), 'Content-Type: text/plain; charset=iso-2022-jp'], raw('\x1b$B2q5D\x1b(B meeting\n')),
  ],
  ['emoji', (c) => withHeader(c, text('plain', 'utf-8', '8bit', Buffer.from('👩‍👩‍👧‍👦 🏳️‍🌈 🇰🇷')), '🎉 축하합니다 🎉')],
  [
    'split-encoded-words',
    (c) =>
      entity(
        [...header(c).filter((line) => !line.startsWith('Subject:')), ...splitWords('회의 자료를 보내 드립니다')],
        raw('x\n'),
      ),
  ],
  [
    'broken-encoded-words',
    (c) =>
      entity(
        [...header(c), 'Comments: =?utf-8?B?====?= =?utf-8?Q?=ZZ?= =?x?y?z?= =?utf-8?b?7ZqM?', 'Keywords: =?=?=?'],
        raw('x\n'),
      ),
  ],
  [
    'no-end-boundary',
    (c) => cut(withHeader(c, multipart('mixed', c.random, [plain(c.random), alternative(c.random)])), 30),
  ],
  [
    'cut-in-base64',
    (c) =>
      cut(
        withHeader(c, multipart('mixed', c.random, [plain(c.random), attachment('cut.bin', c.random.bytes(4000))])),
        1000,
      ),
  ],
  [
    'boundary-never-comes',
    (c) =>
      entity(
        [...header(c), 'Content-Type: multipart/mixed; boundary=nothing'],
        raw(`${lines(c.random, ENGLISH, 5)}\n`),
      ),
  ],
  ['boundary-missing', (c) => entity([...header(c), 'Content-Type: multipart/mixed'], raw('--x\n\nbody\n--x--\n'))],
  [
    'boundary-empty',
    (c) => entity([...header(c), 'Content-Type: multipart/mixed; boundary=""'], raw('--\n\nbody\n----\n')),
  ],
  [
    'boundary-prefixes',
    (c) =>
      entity(
        [...header(c), 'Content-Type: multipart/mixed; boundary=abc'],
        raw(
          '--abc\nContent-Type: multipart/alternative; boundary=abcd\n\n--abcd\n\none\n--abcde\nnot a boundary\n--abcd\n\ntwo\n--abcd--\n--abc\n\nthree\n--abc--\n',
        ),
      ),
  ],
  [
    'boundary-twice',
    (c) =>
      entity(
        [...header(c), 'Content-Type: multipart/mixed; boundary=same'],
        raw(
          '--same\nContent-Type: multipart/mixed; boundary=same\n\n--same\n\ninner\n--same--\n--same\n\nouter\n--same--\n',
        ),
      ),
  ],
  [
    'boundary-with-blanks',
    (c) =>
      entity(
        [...header(c), 'Content-Type: multipart/mixed; boundary="a b  c"'],
        raw('--a b  c \t\n\none\n--a b  c--  \nepilogue\n'),
      ),
  ],
  [
    'boundary-in-header',
    (c) =>
      entity(
        [...header(c), 'Content-Type: multipart/mixed; boundary=q'],
        raw('--q\nContent-Type: text/plain\n--q\n\nsecond\n--q--\n'),
      ),
  ],
  ['empty-body', (c) => entity(header(c), Buffer.alloc(0))],
  [
    'empty-parts',
    (c) => entity([...header(c), 'Content-Type: multipart/mixed; boundary=e'], raw('--e\n\n--e\n--e\n\n\n--e--\n')),
  ],
  ['empty-multipart', (c) => entity([...header(c), 'Content-Type: multipart/mixed; boundary=e'], raw('--e--\n'))],
  ['header-only', (c) => raw(`${header(c).join('\n')}\n`)],
  ['no-header', (c) => raw(`\n${lines(c.random, ENGLISH, 3)}\n`)],
  ['no-header-no-empty-line', (c) => raw(`${lines(c.random, ENGLISH, 3)}\nwithout: a header\n`)],
  ['only-an-empty-line', () => raw('\n')],
  ['line-998', (c) => entity(header(c), raw(`${lineOf(998)}\n${lineOf(998)}\n`))],
  ['line-999', (c) => entity(header(c), raw(`${lineOf(999)}\n`))],
  ['line-2048', (c) => entity(header(c), raw(`${lineOf(2048)}\n${lineOf(10)}\n`))],
  ['line-65536', (c) => entity(header(c), raw(`${lineOf(65_536)}\n`))],
  ['dots', (c) => entity(header(c), raw('.\n..\n...\n. \n.x\n\n.\n\n.\n'))],
  ['dots-only', () => raw('.\n.\n..\n')],
  [
    'many-recipients',
    (c) =>
      entity(
        [
          ...header(c),
          `Cc: ${Array.from({ length: 300 }, (_, i) => `"User ${i}" <u${i}@example.test>`).join(',\r\n ')}`,
        ],
        raw('x\n'),
      ),
  ],
  [
    'groups',
    (c) =>
      entity(
        [
          ...header(c),
          'Cc: Friends: =?UTF-8?B?6rmA?= <kim@example.test>, "a, b" <c@example.test>;, undisclosed:;, (comment) d@example.test (Dave)',
          'Reply-To: <@route.test:e@example.test>',
        ],
        raw('x\n'),
      ),
  ],
  [
    'garbage-addresses',
    (c) =>
      entity(
        [
          ...header(c).filter((line) => !/^(From|To):/.test(line)),
          'From: "unclosed <a@example.test',
          'To: <<>>, @, a@b@c, ;;;,,,',
          'Cc: no address at all',
        ],
        raw('x\n'),
      ),
  ],
  [
    'references',
    (c) =>
      entity(
        [
          ...header(c),
          "In-Reply-To: <one@example.test> (Bob's message)",
          `References: ${Array.from({ length: 60 }, (_, i) => `<r${i}@example.test>`).join('\r\n\t')}`,
        ],
        raw('x\n'),
      ),
  ],
  [
    'received-40',
    (c) =>
      entity(
        [
          ...Array.from(
            { length: 40 },
            (_, i) =>
              `Received: from h${i}.example.test ([192.0.2.${i}])\r\n\tby h${i + 1}.example.test with ESMTP id ${i};\r\n\tMon, 02 Nov 2026 15:04:05 +0900`,
          ),
          ...header(c),
        ],
        raw('x\n'),
      ),
  ],
  [
    'odd-headers',
    (c) =>
      entity(
        [
          ...header(c),
          '__proto__: polluted',
          'constructor: x',
          'toString: y',
          'hasOwnProperty: z',
          'X-Empty:',
          'Subject : second subject',
          ': no name',
          'not a header line',
          'X-Fold:\r\n \t\r\n folded',
          'X-Ctl: a\x01b\x7f',
          'X-Nasty: \\"(\\',
        ],
        raw('x\n'),
      ),
  ],
  [
    'filenames-2231',
    (c) =>
      withHeader(
        c,
        multipart('mixed', c.random, [
          entity(
            [
              'Content-Type: application/octet-stream',
              "Content-Disposition: attachment; filename*0*=utf-8''%ED%9A%8C%EC%9D%98;",
              ' filename*1="-2026;";',
              ' filename*2*=%20%EC%9E%90%EB%A3%8C.hwp',
            ],
            raw('x'),
          ),
        ]),
      ),
  ],
  [
    'filenames-words',
    (c) =>
      withHeader(
        c,
        multipart('mixed', c.random, [
          entity(
            [
              'Content-Type: application/octet-stream; name="=?euc-kr?B?yKjG5MDMwfYuaHdw?="',
              'Content-Disposition: attachment;\r\n filename="=?euc-kr?B?yKjG5MDMwfYuaHdw?="',
            ],
            raw('x'),
          ),
        ]),
      ),
  ],
  [
    'filenames-raw',
    (c) =>
      withHeader(
        c,
        multipart('mixed', c.random, [
          entity(
            [
              'Content-Type: application/octet-stream',
              encode('Content-Disposition: attachment; filename="회의 자료.hwp"', 'cp949').toString('latin1'),
            ],
            raw('x'),
          ),
          entity(
            [
              'Content-Type: application/x; name=../../etc/passwd',
              'Content-Disposition: attachment; filename=a b (1).txt',
            ],
            raw('y'),
          ),
        ]),
      ),
  ],
  [
    'delivery-report',
    (c) =>
      entity(
        [
          ...header(c).filter((line) => !line.startsWith('From:')),
          'From: MAILER-DAEMON@example.test',
          'Content-Type: multipart/report; report-type=delivery-status; boundary=r',
        ],
        raw(
          '--r\n\nCould not deliver.\n--r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.test\n\nFinal-Recipient: rfc822; nobody@example.test\nAction: failed\nStatus: 5.1.1\n\n--r\nContent-Type: message/rfc822\n\nSubject: original\n\nhello\n--r--\n',
        ),
      ),
  ],
  [
    'invitation',
    (c) =>
      withHeader(
        c,
        multipart('alternative', c.random, [
          plain(c.random),
          entity(
            ['Content-Type: text/calendar; charset=utf-8; method=REQUEST'],
            raw('BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nEND:VCALENDAR\n'),
          ),
        ]),
      ),
  ],
  [
    'signed',
    (c) =>
      withHeader(
        c,
        multipart('signed', c.random, [
          plain(c.random),
          entity(
            ['Content-Type: application/pgp-signature; name=signature.asc'],
            raw('-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n'),
          ),
        ]),
      ),
  ],
  [
    'winmail',
    (c) =>
      withHeader(
        c,
        multipart('mixed', c.random, [
          plain(c.random),
          attachment(
            'winmail.dat',
            Buffer.concat([Buffer.from('789f3e22', 'hex'), c.random.bytes(3000)]),
            'application/ms-tnef',
          ),
        ]),
      ),
  ],
  ['uuencode', (c) => entity(header(c), raw('begin 644 a.txt\n#0V%T\n`\nend\n'))],
  [
    '300-parts',
    (c) =>
      withHeader(
        c,
        multipart(
          'mixed',
          c.random,
          Array.from({ length: 300 }, (_, i) => entity([`X-Part: ${i}`], raw(`part ${i}`))),
        ),
      ),
  ],
  [
    'preamble-epilogue',
    (c) =>
      entity(
        [...header(c), 'Content-Type: multipart/mixed; boundary=p'],
        raw('preamble\n--px\n--p\n\nbody\n--p--\nepilogue\n--p\nnot a part\n'),
      ),
  ],
  ['html-deep', (c) => withHeader(c, text('html', 'utf-8', '8bit', Buffer.from(`${'<div>\r\n'.repeat(3000)}deep`)))],
];

function splitWords(value: string): string[] {
  const bytes = Buffer.from(value);
  // Cuts characters in two, as some programs do.
  const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(i * 7, i * 7 + 7));
  return [`Subject: ${pieces.map((piece) => `=?utf-8?B?${piece.toString('base64')}?=`).join('\r\n ')}`];
}

/** Without its last bytes, but a line end. */
function cut(whole: Entity, bytes: number): Buffer {
  const all = message(whole);
  let end = all.length - bytes;
  while (all[end - 1] === 0x0d || all[end - 1] === 0x0a) end -= 1;
  return Buffer.concat([all.subarray(0, end), Buffer.from('\r\n')]);
}
