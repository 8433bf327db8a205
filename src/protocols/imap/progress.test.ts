import { afterAll, beforeAll, describe, test } from 'vitest';
import { many } from '../../../test/imap/mails.ts';
import { ImapService } from '../../../test/imap/service.ts';
import { SystemClock } from '../../adapters/clock-system.ts';

/** Each look at it is eleven seconds later. */
class Hasty extends SystemClock {
  #now = 0;
  override monotonic(): number {
    return (this.#now += 11_000);
  }
}

let service: ImapService;
beforeAll(async () => {
  service = await ImapService.start({ plaintextLogin: true, overrides: { clock: new Hasty() } });
});
afterAll(() => service[Symbol.asyncDispose]());

describe('a command that takes long tells how far it is (RFC 9585)', () => {
  test('SEARCH', async () => {
    await service.deliver('A', 'INBOX', many(3));
    await service.transcript(String.raw`
      A> a SELECT INBOX
      A< ...
      A< /^a OK/
      A> b SEARCH BODY "body 2"
      A< * OK [INPROGRESS ("b" 0 3)] Still at it
      A< * OK [INPROGRESS ("b" 1 3)] Still at it
      A< * OK [INPROGRESS ("b" 2 3)] Still at it
      A< * SEARCH 2
      A< b OK SEARCH completed
      A> c]d SEARCH BODY "body 4"
      A< ...
      A< * OK [INPROGRESS (NIL 2 3)] Still at it
      A< * SEARCH
      A< c]d OK SEARCH completed
    `);
  });

  test("COPY and MOVE into another's mailbox", async () => {
    await service.deliver('B', 'INBOX', many(2));
    await service.deliver('O', 'Team', []);
    await service.transcript(String.raw`
      O> a SETACL Team b@example.test lri
      O< a OK SETACL completed
      B> a SELECT INBOX
      B< ...
      B< /^a OK/
      B> b COPY 1:2 ~o@example.test/Team
      B< * OK [INPROGRESS ("b" 1 2)] Still at it
      B< * OK [INPROGRESS ("b" 2 2)] Still at it
      B< /^b OK/
      B> c MOVE 1 ~o@example.test/Team
      B< /^. OK \[COPYUID/
      B< * OK [INPROGRESS ("c" 1 1)] Still at it
      B< * 1 EXPUNGE
      B< c OK MOVE completed
    `);
  });
});
