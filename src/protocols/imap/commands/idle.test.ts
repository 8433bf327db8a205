import { describe, test } from 'vitest';
import { many } from '../../../../test/imap/mails.ts';
import { oneImapService } from '../../../../test/imap/one-service.ts';

const imap = oneImapService();

describe('IDLE', () => {
  test('tells at once what another session does, until DONE', async () => {
    await imap.service.deliver('I', 'INBOX', many(2));
    await imap.script(String.raw`
      I> a SELECT INBOX
      I< ...
      I< /^a OK/
      I> b IDLE
      I< + idling
      I2> c SELECT INBOX
      I2< ...
      I2< /^c OK/
      I2> d STORE 1 +FLAGS (\Deleted)
      I< * 1 FETCH (UID 1 FLAGS (\Deleted))
      I2< ...
      I2< /^d OK/
      I2> e EXPUNGE
      I< * 1 EXPUNGE
      I2< ...
      I2< /^e OK/
      I2> f COPY 1 INBOX
      I< * 2 EXISTS
      I< * 0 RECENT
      I> DONE
      I< b OK IDLE completed
      I> g IDLE
      I< + idling
      I> NOOP
      I< g BAD DONE expected
    `);
  });

  test('without a folder selected there is nothing to tell', () =>
    imap.script(`
      I> a IDLE
      I< + idling
      I> done
      I< a OK IDLE completed
    `));
});
