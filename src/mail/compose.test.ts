import { describe, expect, test } from 'vitest';
import { composeMessage, type ComposeMessage } from './compose.ts';
import { decodeBody } from './encoding.ts';
import { HeaderBlock } from './header.ts';
import type { Part } from './message.ts';
import { parseMessage } from './parse.ts';
import { decodeText } from './text.ts';

const BASE: ComposeMessage = {
  from: { name: 'Alice Example', address: 'alice@example.test' },
  to: [{ address: 'bob@example.test' }],
  messageId: '<1@example.test>',
  date: Date.UTC(2026, 10, 2),
};

async function compose(message: Partial<ComposeMessage>) {
  const raw = await composeMessage({ ...BASE, ...message });
  expect(/\r(?!\n)|(?<!\r)\n|\0/.test(raw.toString('latin1'))).toBe(false);
  const parsed = parseMessage(raw);
  const header = HeaderBlock.parse(raw.subarray(0, parsed.structure.bodyStart));
  return { raw, parsed, names: header.fields.map(({ name }) => name), header };
}

function leaves(part: Part): Part[] {
  return part.children.length === 0 ? [part] : part.children.flatMap(leaves);
}

describe('a composed message', () => {
  test('reads back as it was written', async () => {
    const { raw, parsed, names } = await compose({
      from: { name: '김철수', address: 'kim@example.test' },
      to: [
        { name: 'Bob "B" Builder', address: 'bob@example.test' },
        { name: 'Test, Carol', address: '"c d"@example.test' },
      ],
      cc: [{ address: '김@한글.test' }],
      bcc: [{ address: 'secret@example.test' }],
      replyTo: [{ address: 'reply@example.test' }],
      subject: '회의 자료 보내 드립니다 — 긴 제목이라서 여러 줄로 나뉘어야 합니다. 그렇지요?',
      text: '안녕하세요\n.\nFrom here',
      html: '<p>안녕하세요</p>',
      importance: 'high',
      inReplyTo: '<0@example.test>',
      references: ['<00@example.test>', '<0@example.test>'],
      headers: [['X-Relay', '파발']],
    });
    expect(parsed.envelope).toEqual({
      date: BASE.date,
      subject: '회의 자료 보내 드립니다 — 긴 제목이라서 여러 줄로 나뉘어야 합니다. 그렇지요?',
      from: [{ name: '김철수', address: 'kim@example.test' }],
      sender: [],
      replyTo: [{ name: '', address: 'reply@example.test' }],
      to: [
        { name: 'Bob "B" Builder', address: 'bob@example.test' },
        { name: 'Test, Carol', address: '"c d"@example.test' },
      ],
      cc: [{ name: '', address: '김@xn--bj0bj06e.test' }],
      bcc: [],
      messageId: '<1@example.test>',
      inReplyTo: ['<0@example.test>'],
      references: ['<00@example.test>', '<0@example.test>'],
    });
    expect(raw.includes('secret')).toBe(false);
    expect(new Set(names).size).toBe(names.length);
    const [text, html] = leaves(parsed.structure);
    const body = (part: Part): string => decodeText(part, raw.subarray(part.bodyStart, part.bodyEnd));
    expect(body(text!)).toBe('안녕하세요\r\n.\r\nFrom here');
    expect(body(html!)).toBe('<p>안녕하세요</p>');
    for (const line of raw.toString('latin1').split('\r\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('attachments come back byte for byte under their names', async () => {
    const names = [
      'a.txt',
      '회의 자료.hwp',
      'a"b;c\\d.txt',
      '../../x',
      'C:\\x',
      'a\u202egpj.exe',
      'CON',
      '.hidden',
      "it's 100%.txt",
      '=?utf-8?q?x?=.txt',
      `${'긴이름'.repeat(100)}.pdf`,
    ];
    const content = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const { raw, parsed } = await compose({ text: 'x', attachments: names.map((filename) => ({ filename, content })) });
    const parts = leaves(parsed.structure).slice(1);
    expect(parts.map((part) => part.filename)).toEqual(names);
    for (const part of parts)
      expect(decodeBody(raw.subarray(part.bodyStart, part.bodyEnd), part.encoding)).toEqual(content);
    expect(parsed.hasAttachment).toBe(true);
  });

  test('an image of the HTML text is related to it', async () => {
    const { parsed } = await compose({
      html: '<img src="cid:dot@example.test">',
      attachments: [
        { filename: 'dot.gif', content: Buffer.from('GIF'), contentType: 'image/gif', cid: 'dot@example.test' },
      ],
    });
    expect(parsed.structure.subtype).toBe('related');
    expect(parsed.structure.children[1]).toMatchObject({ id: '<dot@example.test>', disposition: 'inline' });
  });

  test('a forwarded message stays one where it can, else it is a file', async () => {
    const inner = Buffer.from('Subject: inner\r\n\r\nbody 본문\r\n');
    const type = 'message/rfc822';
    const { raw, parsed } = await compose({
      attachments: [{ filename: 'a.eml', content: inner, contentType: type }],
      text: 'x',
    });
    const part = parsed.structure.children[1]!;
    expect(part).toMatchObject({ type: 'message', subtype: 'rfc822', disposition: 'attachment' });
    expect(raw.subarray(part.bodyStart, part.bodyEnd).toString().trim()).toBe(inner.toString().trim());
    const odd = Buffer.from('Subject: inner\n\nbare line feeds\0');
    const file = await compose({ attachments: [{ filename: 'a.eml', content: odd, contentType: type }], text: 'x' });
    const [, kept] = file.parsed.structure.children;
    expect(kept).toMatchObject({ type: 'application', subtype: 'octet-stream' });
    expect(decodeBody(file.raw.subarray(kept!.bodyStart, kept!.bodyEnd), kept!.encoding)).toEqual(odd);
  });

  test('without text and attachments it is empty; without To and Cc the recipients are undisclosed', async () => {
    const { parsed, header } = await compose({ to: [], bcc: [{ address: 'b@example.test' }] });
    expect(parsed.structure).toMatchObject({ type: 'text', subtype: 'plain', lines: 0 });
    expect(header.first('to')).toBe('undisclosed-recipients:;');
  });

  test('the Bcc field stays in the own copy', async () => {
    const { parsed } = await compose({ bcc: [{ address: 'b@example.test' }], keepBcc: true });
    expect(parsed.envelope.bcc).toEqual([{ name: '', address: 'b@example.test' }]);
  });

  test.each([
    'Re: plain',
    '=?utf-8?q?a=0d=0ab?=',
    'two  blanks',
    ' leading',
    'trailing ',
    '%0d%0a',
    `${'w'.repeat(2000)}`,
    '',
    'a'.repeat(70) + ' b',
    '"quoted" \\ <x>',
  ])('subject %j reads back', async (subject) => {
    const { parsed, names } = await compose({ subject });
    expect(parsed.envelope.subject).toBe(subject.trim());
    expect(names.filter((name) => name === 'subject')).toHaveLength(1);
  });
});

describe('nothing gets into the header that is not meant to', () => {
  const EVIL = ['a\r\nBcc: x@example.test', 'a\nb', 'a\rb', 'a\0b', 'a\u2028b', 'a\u0085b', '\ud800'];
  test.each(EVIL)('%j is refused everywhere', async (evil) => {
    const cases: Partial<ComposeMessage>[] = [
      { subject: evil },
      { from: { name: evil, address: 'a@example.test' } },
      { from: { address: `${evil}@example.test` } },
      { to: [{ address: `a@example.test${evil}` }] },
      { bcc: [{ address: evil }] },
      { messageId: `<${evil}@x>` },
      { inReplyTo: evil },
      { references: [evil] },
      { headers: [['X-A', evil]] },
      { headers: [[evil, 'x']] },
      { attachments: [{ filename: evil, content: Buffer.alloc(1) }] },
      { attachments: [{ filename: 'x', content: Buffer.alloc(1), contentType: `text/plain; ${evil}` }] },
      { attachments: [{ filename: 'x', content: Buffer.alloc(1), cid: evil }] },
    ];
    for (const message of cases) {
      await expect(composeMessage({ ...BASE, ...message })).rejects.toMatchObject({ name: 'MailError', kind: 'user' });
    }
  });

  test.each([
    'From',
    'bcc',
    'Content-Type',
    'DKIM-Signature',
    'Resent-To',
    'Received',
    'MIME-Version',
    'X A',
    'X:',
    '',
    '__proto__:',
    'Subject ',
  ])('header name %j is refused', async (name) => {
    await expect(composeMessage({ ...BASE, headers: [[name, 'x']] })).rejects.toMatchObject({ code: 'syntax' });
  });

  test('text that looks like a path or URL is only text', async () => {
    const { raw, parsed } = await compose({
      text: 'file:///etc/passwd',
      html: 'data:text/html,x',
      attachments: [{ filename: '/etc/passwd', content: Buffer.from('mine') }],
    });
    expect(parsed.preview).toBe('file:///etc/passwd');
    expect(raw.includes(Buffer.from('mine').toString('base64'))).toBe(true);
  });
});
