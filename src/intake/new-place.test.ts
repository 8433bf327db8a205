import { simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import { memoryBackend } from '../../test/support/backend.ts';
import { tellOfNewPlace } from './new-place.ts';
import { inboxOf } from './stages/parts.ts';

test('the owner finds one mail in INBOX, in both languages, of where and how', async () => {
  const { mailstore, alice, clock } = await memoryBackend();
  const parts = { store: mailstore, clock, hostname: 'mail.example.test' };
  const { account, address } = alice;
  const place = { account, address, protocol: 'imap', remote: '198.51.100.9', at: Date.UTC(2026, 0, 2, 3, 4) } as const;
  await tellOfNewPlace(parts, place);
  await tellOfNewPlace(parts, place);
  using mail = await mailstore.open(alice, account);
  const ids = mail.getMessageIds({ folder: inboxOf(mail).id });
  expect(ids).toHaveLength(1);
  const raw = Buffer.from(await (await mail.body(ids[0]!)).bytes());
  const parsed = await simpleParser(raw, {});
  expect(parsed.subject).toBe('Sign-in from a new place / 새로운 곳에서 로그인');
  expect(raw.toString()).toContain('Auto-Submitted: auto-generated\r\n');
  for (const words of ['2026-01-02 03:04 UTC', '198.51.100.9', 'with a mail program (IMAP)', '비밀번호를 바꾸세요'])
    expect(parsed.text).toContain(words);
});
