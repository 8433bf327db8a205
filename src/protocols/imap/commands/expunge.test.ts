import { describe, test } from 'vitest';
import { many } from '../../../../test/imap/mails.ts';
import { oneImapService } from '../../../../test/imap/one-service.ts';

const imap = oneImapService();

describe('EXPUNGE', () => {
  test('of all that is marked, or of some by UID', async () => {
    await imap.service.deliver('X', 'INBOX', many(4), { flags: 8 });
    await imap.script(`
      X> a SELECT INBOX
      X< ...
      X< /^a OK/
      X> b UID EXPUNGE 2:3,99
      X< * 3 EXPUNGE
      X< * 2 EXPUNGE
      X< b OK UID EXPUNGE completed
      X> c EXPUNGE
      X< * 2 EXPUNGE
      X< * 1 EXPUNGE
      X< c OK EXPUNGE completed
      X> d EXPUNGE
      X< d OK EXPUNGE completed
      X> e UID EXPUNGE
      X< e BAD space expected
    `);
  });
});
