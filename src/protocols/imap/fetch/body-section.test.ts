import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImapService } from '../../../../test/imap/service.ts';
import { ImapClient } from '../../../../test/client/imap.ts';

/** RFC 3501 §6.4.5 shows the numbering of a message like this one. */
const MESSAGE = [
  'From: a@example.test',
  'Subject: outer',
  'X-Long: one',
  ' two',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=outer',
  '',
  'preamble',
  '--outer',
  'Content-Type: text/plain',
  'X-Part: 1',
  '',
  'text of 1',
  '--outer',
  'Content-Type: message/rfc822',
  '',
  'Subject: inner two',
  'Content-Type: multipart/alternative; boundary=inner',
  '',
  '--inner',
  '',
  'text of 2.1',
  '--inner',
  'Content-Type: text/html',
  '',
  '<p>2.2</p>',
  '--inner--',
  '--outer',
  'Content-Type: message/rfc822',
  '',
  'Subject: inner three',
  '',
  'text of 3.1',
  '--outer',
  'Content-Type: multipart/mixed; boundary=four',
  '',
  '--four',
  'Content-Type: application/octet-stream',
  'Content-Transfer-Encoding: base64',
  '',
  'AAEC',
  '--four--',
  '--outer--',
  '',
].join('\r\n');

let service: ImapService;
let client: ImapClient;
beforeAll(async () => {
  service = await ImapService.start({ plaintextLogin: true });
  await service.deliver('A', 'INBOX', [MESSAGE, 'Subject: simple\r\n\r\nonly\r\n', 'Subject: no body\r\n']);
  client = await ImapClient.connect(service.address);
  await client.login('alice@example.test', 'pass');
  await client.ok('EXAMINE INBOX');
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

/** The bytes of a section; undefined for NIL. */
async function fetched(n: number, section: string): Promise<string | undefined> {
  const { untagged } = await client.ok(`FETCH ${n} BODY.PEEK[${section}]`);
  const [response] = untagged;
  return response?.text.endsWith(' NIL)') === true ? undefined : response?.literals[0]?.toString('latin1');
}

const lines = (...text: string[]): string => text.map((line) => `${line}\r\n`).join('');

describe('sections of a nested message', () => {
  test.each<[string, string | undefined]>([
    ['', MESSAGE],
    ['1', 'text of 1'],
    ['1.MIME', lines('Content-Type: text/plain', 'X-Part: 1', '')],
    ['1.1', undefined],
    ['1.HEADER', undefined],
    ['2.MIME', lines('Content-Type: message/rfc822', '')],
    ['2.HEADER', lines('Subject: inner two', 'Content-Type: multipart/alternative; boundary=inner', '')],
    [
      '2.TEXT',
      lines('--inner', '', 'text of 2.1', '--inner', 'Content-Type: text/html', '', '<p>2.2</p>').concat('--inner--'),
    ],
    ['2.1', 'text of 2.1'],
    ['2.2', '<p>2.2</p>'],
    ['2.2.MIME', lines('Content-Type: text/html', '')],
    ['2.3', undefined],
    ['3', lines('Subject: inner three', '').concat('text of 3.1')],
    ['3.HEADER', lines('Subject: inner three', '')],
    ['3.TEXT', 'text of 3.1'],
    ['3.1', 'text of 3.1'],
    ['3.2', undefined],
    [
      '4',
      lines('--four', 'Content-Type: application/octet-stream', 'Content-Transfer-Encoding: base64', '', 'AAEC').concat(
        '--four--',
      ),
    ],
    ['4.1', 'AAEC'],
    ['4.1.MIME', lines('Content-Type: application/octet-stream', 'Content-Transfer-Encoding: base64', '')],
    ['5', undefined],
    ['HEADER.FIELDS (x-long SUBJECT)', lines('Subject: outer', 'X-Long: one', ' two', '')],
    ['HEADER.FIELDS (nothing)', '\r\n'],
    ['HEADER.FIELDS.NOT (from x-long content-type)', lines('Subject: outer', 'MIME-Version: 1.0', '')],
    ['2.HEADER.FIELDS (Subject)', lines('Subject: inner two', '')],
    ['1.HEADER.FIELDS (Subject)', undefined],
  ])('BODY[%s]', async (section, expected) => {
    expect(await fetched(1, section)).toBe(expected);
  });
});

describe('sections of messages without parts', () => {
  test.each<[number, string, string | undefined]>([
    [2, 'TEXT', 'only\r\n'],
    [2, '1', 'only\r\n'],
    [2, '1.MIME', 'Subject: simple\r\n\r\n'],
    [2, '2', undefined],
    [2, '1.1', undefined],
    [3, 'HEADER', 'Subject: no body\r\n'],
    [3, 'TEXT', ''],
    [3, '1', ''],
    [3, 'HEADER.FIELDS (Subject)', 'Subject: no body\r\n\r\n'],
  ])('%i BODY[%s]', async (n, section, expected) => {
    expect(await fetched(n, section)).toBe(expected);
  });
});
