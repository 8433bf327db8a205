/** Response codes, one by one: what RFC 2449 §8 and RFC 3206 §4 have them say, at sign-in by PASS and AUTH, and after it. */
import { describe, expect, test } from 'vitest';
import { WireClient } from '../../../test/client/wire.ts';
import { onePop3Service } from '../../../test/pop3/one-service.ts';
import { runTranscript } from '../../../test/transcript/run.ts';
import type { Directory } from '../../directory/api.ts';
import { MailError, type MailErrorCode, type MailErrorKind } from '../../mail/error.ts';
import type { MailStore } from '../../mailstore/api.ts';
import { pop3 } from './protocol.ts';

const lab = onePop3Service();

/** Transcripts against a service with parts of its own. */
async function against(parts: { readonly directory?: Directory; readonly mailstore?: MailStore }) {
  const protocol = pop3({ ...lab.backend, tls: undefined, allowPlaintextLogin: 'always', ...parts });
  const { addresses } = await lab.network.listen({ protocol, addresses: [{ host: '127.0.0.1', port: 0 }] });
  return (script: string) => runTranscript(script, () => WireClient.connect(addresses[0] ?? ''));
}

const SIGN_IN = `
  A< +OK Pabal POP3 at your service
  A> USER alice@example.test
  A< +OK Now the password
  A> PASS secret password`;

describe('at sign-in', () => {
  test.each<[MailErrorCode, MailErrorKind, string]>([
    // AUTH: credentials, "an expired account", "an attempt to authenticate in violation of policy".
    ['auth-failed', 'user', '[AUTH] The address or the password is wrong'],
    ['account-suspended', 'user', '[AUTH] This account is suspended'],
    // SYS/TEMP: no need to alarm anybody unless it lasts.
    ['auth-throttled', 'temporary', '[SYS/TEMP] Too many failed attempts: wait a little'],
    ['busy', 'temporary', '[SYS/TEMP] Too busy: try again shortly'],
    ['store-failed', 'temporary', '[SYS/TEMP] The store is out of order: try again later'],
    ['timeout', 'temporary', '[SYS/TEMP] It took too long: try again later'],
    ['bug', 'bug', '[SYS/TEMP] That did not work'],
    // SYS/PERM: nothing helps but somebody who mends it.
    ['damaged', 'bug', '[SYS/PERM] The stored message is damaged, and is not handed out'],
  ])('%s', async (code, kind, answer) => {
    const directory = {
      authenticate: () => Promise.reject(new MailError(code, kind, 'for a test')),
    } as unknown as Directory;
    const run = await against({ directory });
    await run(`${SIGN_IN}
      A< -ERR ${answer}
      A> AUTH PLAIN AGFAZXhhbXBsZS50ZXN0AHg=
      A< -ERR ${answer}
      A> NOOP
      A< -ERR Sign in first`);
  });

  test('IN-USE only for who has the right password, and never longer than the other session', async () => {
    const run = await against({});
    await run(`${SIGN_IN}
      A< +OK 0 messages (0 octets)
      B< +OK Pabal POP3 at your service
      B> USER alice@example.test
      B< +OK Now the password
      B> PASS wrong
      B< -ERR [AUTH] The address or the password is wrong
      B> AUTH PLAIN AGFsaWNlQGV4YW1wbGUudGVzdABzZWNyZXQgcGFzc3dvcmQ=
      B< -ERR [IN-USE] Another POP3 session has this mailbox
      A> QUIT
      A< +OK Good-bye
      A<|
      B> AUTH PLAIN AGFsaWNlQGV4YW1wbGUudGVzdABzZWNyZXQgcGFzc3dvcmQ=
      B< +OK 0 messages (0 octets)`);
  });
});

describe('after sign-in', () => {
  test.each<[MailErrorCode, MailErrorKind, string]>([
    ['damaged', 'bug', '[SYS/PERM] The stored message is damaged, and is not handed out'],
    ['store-failed', 'temporary', '[SYS/TEMP] The store is out of order: try again later'],
    ['busy', 'temporary', '[SYS/TEMP] Too busy: try again shortly'],
    ['message-missing', 'user', 'There is no such message any more'],
    ['not-allowed', 'user', 'That did not work'],
  ])('RETR and %s', async (code, kind, answer) => {
    const { alice, mailstore } = lab.backend;
    await lab.backend.deliver(alice, 'Subject: one\r\n\r\nfirst\r\n');
    const failing: MailStore = Object.create(mailstore, {
      open: {
        value: async (...args: Parameters<MailStore['open']>) => {
          const account = await mailstore.open(...args);
          account.body = () => Promise.reject(new MailError(code, kind, 'for a test'));
          return account;
        },
      },
    });
    const run = await against({ mailstore: failing });
    await run(`${SIGN_IN}
      A< +OK 1 messages (23 octets)
      A> RETR 1
      A< -ERR ${answer}
      A> TOP 1 0
      A< -ERR ${answer}
      A> NOOP
      A< +OK Here
      A> QUIT
      A< +OK Good-bye`);
  });

  test('deletions that fail are told at QUIT, with SYS/TEMP, and the messages stay', async () => {
    const { alice, mailstore } = lab.backend;
    await lab.backend.deliver(alice, 'Subject: one\r\n\r\nfirst\r\n');
    const failing: MailStore = Object.create(mailstore, {
      open: {
        value: async (...args: Parameters<MailStore['open']>) => {
          const account = await mailstore.open(...args);
          account.deleteMessage = () => Promise.reject(new MailError('store-failed', 'temporary', 'for a test'));
          return account;
        },
      },
    });
    const run = await against({ mailstore: failing });
    await run(`${SIGN_IN}
      A< +OK 1 messages (23 octets)
      A> DELE 1
      A< +OK Message 1 will be deleted
      A> QUIT
      A< -ERR [SYS/TEMP] Some of the deleted messages were not removed
      A<|`);
    using account = await lab.backend.accountOf(alice);
    expect(account.folderWithRole('inbox')?.total).toBe(1);
  });
});
