/** Random scripts and mails on which two Sieve engines are compared: each test that holds sets a flag of its own. */
import { SeededRandom } from '../../src/adapters/random-seeded.ts';

export interface SieveCase {
  readonly script: string;
  readonly mail: string;
  readonly tests: readonly string[];
}

export const REQUIRE =
  'require ["imap4flags", "envelope", "subaddress", "relational", "comparator-i;ascii-numeric", "regex", "body", "date", "index", "variables"];';

const FIELDS = [
  'from',
  'To',
  'cc',
  'SUBJECT',
  'x-number',
  'x-none',
  'message-id',
  'Received',
  'date',
  'sender',
  'x-text',
];
const ADDRESS_FIELDS = ['from', 'to', 'cc', 'sender'];
const WORDS = [
  '',
  'a',
  'Bob',
  'bob',
  'BOB@example.test',
  'example',
  'example.test',
  'work',
  'carol',
  'gil-dong',
  '회의',
  '안녕',
  '10',
  '9',
  '007',
  '5 apples',
  'hello',
  'Hello World',
  'three',
  '2026',
  '<one@example.com>',
  '"',
  '\\',
  'x y',
  '+',
];
const GLOBS = [
  '*',
  '?',
  '*@*',
  'b?b*',
  '*ee*',
  '*회?*',
  '**',
  '?*?',
  '*\\*',
  'bob',
  '*.test',
  '*o*o*',
  'Re: *',
  '*\\?',
];
const REGEXES = [
  '^b',
  'o.b',
  '[0-9]+',
  '(a|b)c?',
  '^.*@',
  'e{2}',
  '[[:alpha:]]+ [[:alpha:]]+',
  '^$',
  'th(r|R)ee$',
  '[^a-z]',
];
const PARTS = [
  'year',
  'month',
  'day',
  'date',
  'julian',
  'hour',
  'minute',
  'second',
  'time',
  'iso8601',
  'zone',
  'weekday',
];

export class SieveCases {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  next(tests = 12): SieveCase {
    const some = Array.from({ length: tests }, () => this.#test(2));
    const body = some.map((test, i) => `if ${test} { addflag "t${i}"; }`);
    return { script: [REQUIRE, ...body, 'keep;', ''].join('\n'), mail: this.#mail(), tests: some };
  }

  #one<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random.fraction() * list.length)]!;
  }

  #chance(part: number): boolean {
    return this.#random.fraction() < part;
  }

  #list(list: readonly string[]): string {
    const count = this.#chance(0.7) ? 1 : 2;
    const items = Array.from({ length: count }, () => quoted(this.#one(list)));
    return items.length === 1 ? items[0]! : `[${items.join(', ')}]`;
  }

  #match(): { tags: string; keys: string } {
    const relation = quoted(this.#one(['gt', 'ge', 'lt', 'le', 'eq', 'ne']));
    const type = this.#one(['', ':is', ':contains', ':contains', ':matches', ':regex', ':value', ':count']);
    const keys =
      type === ':matches' ? GLOBS : type === ':regex' ? REGEXES : type === ':count' ? ['0', '1', '2', '3'] : WORDS;
    const numeric =
      type === ':count' || (type === ':value' && this.#chance(0.5)) || (type === ':is' && this.#chance(0.2));
    const comparator = numeric ? 'i;ascii-numeric' : this.#one(['', '', 'i;octet', 'i;ascii-casemap']);
    const tags = [
      type === ':value' || type === ':count' ? `${type} ${relation}` : type,
      comparator === '' ? '' : `:comparator ${quoted(comparator)}`,
    ];
    return { tags: tags.filter((tag) => tag !== '').join(' '), keys: this.#list(keys) };
  }

  #index(): string {
    return this.#chance(0.2) ? `:index ${this.#one([1, 2, 3])}${this.#chance(0.4) ? ' :last' : ''}` : '';
  }

  #test(depth: number): string {
    const { tags, keys } = this.#match();
    const part = this.#one(['', ':all', ':localpart', ':domain', ':user', ':detail']);
    switch (
      this.#one([
        'header',
        'header',
        'address',
        'address',
        'envelope',
        'exists',
        'size',
        'body',
        'date',
        'string',
        'not',
        'allof',
        'anyof',
      ])
    ) {
      case 'header':
        return `header ${this.#index()} ${tags} ${this.#list(FIELDS)} ${keys}`;
      case 'address':
        return `address ${this.#index()} ${part} ${tags} ${this.#list(ADDRESS_FIELDS)} ${keys}`;
      case 'envelope':
        return `envelope ${part} ${tags} ${this.#one(['"from"', '"to"', '["from", "to"]'])} ${keys}`;
      case 'exists':
        return `exists ${this.#list(FIELDS)}`;
      case 'size':
        return `size ${this.#one([':over', ':under'])} ${this.#one(['10', '300', '400', '1K', '2M'])}`;
      case 'body':
        return `body ${this.#one(['', ':raw', ':text', ':content "text"', ':content "text/html"'])} ${tags} ${keys}`;
      case 'date': {
        const zone = this.#one([':originalzone', ':zone "+0900"', ':zone "-0330"', ':zone "+0000"']);
        const key = this.#one(['2026', '11', '17', '05', '23', '2', '+0900', '2026-11-17', '14:30:15', '61361']);
        // Pigeonhole does not look at the :index of a date.
        return `date ${zone} ${tags.startsWith(':regex') || tags.startsWith(':matches') ? '' : tags} ${quoted(this.#one(['date', 'received', 'x-none']))} ${quoted(this.#one(PARTS))} ${quoted(key)}`;
      }
      case 'string':
        return `string ${tags} ${this.#list(WORDS)} ${keys}`;
      default:
        if (depth === 0) return this.#one(['true', 'false']);
        if (this.#chance(0.3)) return `not ${this.#test(depth - 1)}`;
        return `${this.#one(['allof', 'anyof'])} (${this.#test(depth - 1)}, ${this.#test(depth - 1)})`;
    }
  }

  #mail(): string {
    const encoded = (text: string): string => `=?utf-8?b?${Buffer.from(text).toString('base64')}?=`;
    const address = (): string =>
      this.#one([
        'bob@example.test',
        'Bob <bob+work@example.test>',
        '"Carol, the first" <carol@example.test>',
        `${encoded('홍길동')} <gil-dong+news@example.com>`,
        'Friends: a@b.example, c@d.example;',
        'BOB@EXAMPLE.TEST',
        '(comment) dave@d.example (more)',
      ]);
    const fields = [
      `From: ${this.#one(['a@b.example', 'Bob <bob@example.test>', '"Gil" <gil-dong@example.com>'])}`,
      `To: ${address()}`,
      ...(this.#chance(0.5) ? [`Cc: ${address()},\r\n ${address()}`] : []),
      ...(this.#chance(0.3) ? ['To: second@example.test'] : []),
      `Subject: ${this.#one(['Hello World', encoded('회의 안건'), 'Re: three', '  spaced   out  ', 'folded\r\n line', ''])}`,
      `Date: ${this.#one(['Tue, 17 Nov 2026 23:30:15 +0900', '17 Nov 2026 05:06:07 -0800', 'Wed, 18 Nov 2026 00:00:00 GMT'])}`,
      ...(this.#chance(0.5) ? [`X-Number: ${this.#one(['10', '9', '007', '5 apples', 'none'])}`] : []),
      ...(this.#chance(0.5)
        ? [`X-Text: ${this.#one(['a', 'bob', 'x  y', '"quoted"', 'back\\slash', 'Hello*World'])}`]
        : []),
      ...(this.#chance(0.3) ? ['X-Text: again'] : []),
      'Message-ID: <one@example.com>',
      'Received: from x by y; Tue, 17 Nov 2026 14:30:15 +0000',
    ];
    const text = this.#one(['Hello Bob,\r\nsee you at three.\r\n', '안녕 Bob\r\n', '', 'a\r\n\r\nb\r\n']);
    const shape = this.#one(['plain', 'plain', 'base64', 'multipart']);
    const utf8 = 'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n';
    if (shape === 'plain') return `${fields.join('\r\n')}\r\n${utf8}Content-Transfer-Encoding: 8bit\r\n\r\n${text}`;
    const base64 = `${utf8}Content-Transfer-Encoding: base64\r\n\r\n${Buffer.from(text).toString('base64')}\r\n`;
    if (shape === 'base64') return `${fields.join('\r\n')}\r\n${base64}`;
    const html = 'Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello <b>three</b></p>\r\n';
    return `${fields.join('\r\n')}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n${base64}--b\r\n${html}--b--\r\n`;
  }
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
