import { describe, expect, test } from 'vitest';
import { oneImapService } from '../../../../test/imap/one-service.ts';
import { ImapClient } from '../../../../test/client/imap.ts';

const imap = oneImapService();
const LARGE = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7 + (i >> 8)) % 255));

const part = (encoding: string, body: string): string =>
  `--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}\r\n`;

const MESSAGE = [
  'Subject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n',
  part('base64', Buffer.from('hello, world').toString('base64')),
  part('quoted-printable', 'caf=C3=A9 =\r\nand more'),
  part('base64', Buffer.from([1, 0, 2]).toString('base64')),
  part('x-uuencode', 'begin 644 x'),
  part('8bit', 'as it is'),
  part('base64', LARGE.toString('base64').replaceAll(/.{76}/g, '$&\r\n')),
  part('BASE64', '!!!'),
  '--b--\r\n',
].join('');

async function client(): Promise<ImapClient> {
  await imap.service.deliver('A', 'INBOX', [MESSAGE, 'Subject: x\r\n\r\nplain\r\n']);
  const one = await ImapClient.connect(imap.service.address);
  await one.login('alice@example.test', 'pass');
  await one.ok('SELECT INBOX');
  return one;
}

describe('FETCH BINARY', () => {
  test('parts without their encoding, whole and in part, and their sizes', async () => {
    await using one = await client();
    const fetched = async (section: string): Promise<string | undefined> => {
      const [response] = (await one.ok(`FETCH 1 BINARY.PEEK[${section}`)).untagged;
      return response?.literals[0]?.toString();
    };
    expect(await fetched('1]')).toBe('hello, world');
    expect(await fetched('1]<7.3>')).toBe('wor');
    expect(await fetched('1]<7.9007199254740991>')).toBe('world');
    expect(await fetched('1]<99.3>')).toBe('');
    expect(await fetched('2]')).toBe('café and more');
    expect(await fetched('5]')).toBe('as it is');
    expect(await fetched('7]')).toBe('');
    expect(await fetched(']')).toBe(MESSAGE);
    expect(await fetched('9]')).toBeUndefined();
    const sizes = await one.ok('FETCH 1 (BINARY.SIZE[1] BINARY.SIZE[3] BINARY.SIZE[6] BINARY.SIZE[9] BINARY.SIZE[])');
    expect(sizes.untagged.map(({ text }) => text)).toEqual([
      `* 1 FETCH (BINARY.SIZE[1] 12 BINARY.SIZE[3] 3 BINARY.SIZE[6] 200000 BINARY.SIZE[9] 0 BINARY.SIZE[] ${MESSAGE.length})`,
    ]);
  });

  test('what is large comes in pieces, and a literal8 where there is NUL', async () => {
    await using one = await client();
    await one.wire.write('a FETCH 1 (BINARY.PEEK[3] BINARY.PEEK[6]<100.150000>)\r\n');
    expect(await one.wire.line()).toBe('* 1 FETCH (BINARY[3] ~{3}');
    expect([...(await one.wire.bytes(3))]).toEqual([1, 0, 2]);
    expect(await one.wire.line()).toBe(' BINARY[6]<100> ~{150000}');
    expect(Buffer.compare(await one.wire.bytes(150_000), LARGE.subarray(100, 150_100))).toBe(0);
    expect(await one.wire.line()).toBe(')');
    expect(await one.wire.line()).toBe('a OK FETCH completed');
  });

  test('BINARY marks as read, BINARY.PEEK and BINARY.SIZE do not', async () => {
    await using one = await client();
    const flags = async (): Promise<string | undefined> => (await one.ok('FETCH 2 FLAGS')).untagged[0]?.text;
    await one.ok('FETCH 2 (BINARY.PEEK[1] BINARY.SIZE[1])');
    expect(await flags()).toBe('* 2 FETCH (FLAGS ())');
    const { untagged } = await one.ok('FETCH 2 BINARY[1]');
    expect(untagged[0]?.text).toBe('* 2 FETCH (BINARY[1] {7} FLAGS (\\Seen))');
  });

  test('of an encoding that nobody knows is refused; the others are told', async () => {
    await using one = await client();
    const { status, text, untagged } = await one.command('FETCH 1:2 BINARY.SIZE[4]');
    expect([status, text]).toEqual(['NO', '[UNKNOWN-CTE] The encoding of the part is not known']);
    expect(untagged.map((response) => response.text)).toEqual(['* 2 FETCH (BINARY.SIZE[4] 0)']);
  });

  test.each(['BINARY', 'BINARY[TEXT]', 'BINARY[1.MIME]', 'BINARY.SIZE[1]<0.5>', 'BINARY.PEEK[1]<0.0>', 'BINARY.NO[1]'])(
    '%s is malformed',
    async (item) => {
      await using one = await client();
      expect((await one.command(`FETCH 1 ${item}`)).status).toBe('BAD');
    },
  );
});
