/** RFC 5490, RFC 9042 and RFC 8579: mailboxes that are made, and named by id or use. */
import { describe, expect, test } from 'vitest';
import { holds, MAIL, run, sieve } from '../../../../test/support/sieve.ts';

describe('mailboxes (RFC 5490, RFC 9042, RFC 8579)', () => {
  test('are tested, and made', async () => {
    expect(await holds('mailboxexists ["INBOX", "Junk"]', MAIL, {}, 'mailbox')).toBe(true);
    expect(await holds('mailboxexists ["INBOX", "None"]', MAIL, {}, 'mailbox')).toBe(false);
    expect(await holds('mailboxidexists ["F1"]', MAIL, {}, 'mailboxid')).toBe(true);
    expect(await holds('mailboxidexists ["F1", "F9"]', MAIL, {}, 'mailboxid')).toBe(false);
    expect(await holds('specialuse_exists "\\\\Junk"', MAIL, {}, 'special-use')).toBe(true);
    expect(await holds('specialuse_exists "INBOX" "\\\\Junk"', MAIL, {}, 'special-use')).toBe(false);
    expect(await run('require ["fileinto", "mailbox"]; fileinto :create "A/B";')).toEqual(['fileinto :create A/B']);
  });

  test('are named by id or use', async () => {
    const script =
      'require ["fileinto", "mailboxid", "special-use"]; fileinto :mailboxid "F1" "A"; fileinto :specialuse "\\\\Junk" "B";'; // prettier-ignore
    expect((await sieve(script)).actions).toMatchObject([
      { mailbox: 'A', mailboxId: 'F1', specialUse: undefined },
      { mailbox: 'B', mailboxId: undefined, specialUse: '\\Junk' },
    ]);
    const both =
      'require ["fileinto", "mailboxid", "special-use"]; fileinto :mailboxid "F1" :specialuse "\\\\Junk" "A";'; // prettier-ignore
    await expect(sieve(both)).rejects.toThrow('exclude each other');
  });
});
