import { describe, expect, it } from 'vitest';
import { submittedHeader } from './header.ts';

const missing = { sender: 'kim@mail.test', now: Date.UTC(2026, 10, 20), messageId: '<new@mail.test>' };
const read = (header: string) => submittedHeader(Buffer.from(`${header}\r\n\r\nbody`), missing);

describe('the header of a submitted mail', () => {
  it('gets what is missing, and keeps what is there', () => {
    expect(read('Subject: x').added).toMatch(/^From: <kim@mail.test>\r\nDate: .+\r\nMessage-ID: <new@mail.test>\r\n$/);
    expect(read('From: a@b.test\r\nDate: x\r\nMessage-ID: <y>').added).toBe('');
  });

  it('loses Bcc, and nothing else', () => {
    const { head } = read('To: a@b.test\r\nBCC: secret@b.test,\r\n more@b.test\r\nSubject: x');
    expect(head.toString()).toBe('To: a@b.test\r\nSubject: x\r\n\r\nbody');
  });

  it('names every author, in groups too, and says when there are two From fields', () => {
    expect(read('From: a@b.test, Team: c@d.test;\r\nSender: e@f.test').authors).toEqual([
      'a@b.test',
      'c@d.test',
      'e@f.test',
    ]);
    expect(read('From: a@b.test\r\nfrom: c@d.test').ambiguous).toBe(true);
  });

  it.each([
    ['more fields than are looked at', `From: kim@mail.test\r\n${'X: y\r\n'.repeat(10_000)}From: other@b.test`],
    ['more authors than are looked at', `From: ${'kim@mail.test, '.repeat(1_500)}other@b.test`],
    ['a longer From than is looked at', `From: ${' '.repeat(600_000)}kim@mail.test`],
  ])('says when there are %s', (_what, header) => expect(read(header).unchecked).toBe(true));

  it('is content with an ordinary one', () => expect(read('From: kim@mail.test').unchecked).toBe(false));
});
