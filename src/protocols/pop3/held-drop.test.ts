/** Picking up an original with nothing but what the notification says, by POP3. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WireClient } from '../../../test/client/wire.ts';
import { memoryBackend } from '../../../test/support/backend.ts';
import { type HeldCopyOfTest, heldMail, PASSWORD, USER_ID } from '../../../test/support/held-mail.ts';
import { runTranscript } from '../../../test/transcript/run.ts';
import { Network } from '../../net/network.ts';
import { silentLog } from '../../telemetry/log.ts';
import { pop3 } from './protocol.ts';

const RAW = 'From: kdhong@yahoo.com\r\nSubject: A long letter\r\n\r\nthe whole letter\r\n';

let network: Network;
let copy: HeldCopyOfTest;
let at: string;

async function begin(keep: Parameters<typeof heldMail>[3] = 'until-deleted'): Promise<void> {
  const backend = await memoryBackend();
  copy = await heldMail(backend.mailstore, backend.alice, RAW, keep);
  network = new Network({ log: silentLog, metrics: backend.metrics, clock: backend.clock });
  const protocol = pop3({ ...backend, tls: undefined, allowPlaintextLogin: 'loopback', pickUp: copy.pickUp });
  const { addresses } = await network.listen({ protocol, addresses: [{ host: '127.0.0.1', port: 0 }] });
  at = addresses[0] ?? '';
}

beforeEach(() => begin());
afterEach(async () => {
  await network.close(0);
  expect(copy.open).toBe(0);
});

const run = (script: string) => runTranscript(script, () => WireClient.connect(at));

const SIGN_IN = (name: string, password = PASSWORD) => `
  ${name}< +OK Pabal POP3 at your service
  ${name}> USER ${USER_ID.replace(/\/$/, '')}
  ${name}< +OK Now the password
  ${name}> PASS ${password}
`;
const QUIT = `
  A> QUIT
  A< +OK Good-bye
`;

test('the maildrop holds exactly that mail; reading it is fetching it, and its deletion is that at the sender', async () => {
  await run(`${SIGN_IN('A')}
    A< +OK 1 messages (${RAW.length} octets)
    A> UIDL
    A< +OK 1 messages
    A< /^1 [0-9a-f]{64}$/
    A< .
    A> TOP 1 0
    A< +OK The top of it
    A< From: kdhong@yahoo.com
    A< Subject: A long letter
    A< 
    A< .
    A> RETR 1
    A< +OK ${RAW.length} octets
    A< From: kdhong@yahoo.com
    A< Subject: A long letter
    A< 
    A< the whole letter
    A< .
    A> DELE 1
    A< +OK Message 1 will be deleted
    A> STAT
    A< +OK 0 0
    ${QUIT}`);
  expect(copy.log).toEqual(['fetched by pop3', 'deleted']);
  await run(`${SIGN_IN('A')}
    A< -ERR [AUTH] The mail was fetched, and is not kept any more
    ${QUIT}`);
});

test('who keeps mail on the server finds it again, and one session has it at a time', async () => {
  await run(`${SIGN_IN('A')}
    A< +OK 1 messages (${RAW.length} octets)
    ${SIGN_IN('B')}
    B< -ERR [IN-USE] Another POP3 session has this mailbox
    A> DELE 1
    A< +OK Message 1 will be deleted
    A> RSET
    A< /^\\+OK/
    ${QUIT}`);
  expect(copy.log).toEqual([]);
  await run(`${SIGN_IN('A')}
    A< +OK 1 messages (${RAW.length} octets)
    ${QUIT}`);
});

test('a sender who keeps it all the same says so', async () => {
  await network.close(0);
  await begin('until-expired');
  await run(`${SIGN_IN('A')}
    A< +OK 1 messages (${RAW.length} octets)
    A> DELE 1
    A< +OK Message 1 will be deleted
    A> QUIT
    A< -ERR Some of the deleted messages were not removed
  `);
});

test('a wrong password and an unknown id sound alike', async () => {
  await run(`${SIGN_IN('A', 'wrong-password')}
    A< -ERR [AUTH] The address or the password is wrong
    A> USER /nobody/tjkimcntcackr/2
    A< +OK Now the password
    A> PASS ${PASSWORD}
    A< -ERR [AUTH] The address or the password is wrong
    A> USER alice@example.test
    A< +OK Now the password
    A> PASS secret password
    A< /^\\+OK 0 messages/
    ${QUIT}`);
  expect(copy.log).toEqual([]);
});

test.each([
  ['until-fetched', 'EXPIRE 0'],
  ['until-deleted', 'EXPIRE 21915'],
  ['until-expired', 'EXPIRE 21915'],
] as const)(
  'EXPIRE says how long a mail that is kept %s stays, and before sign-in the least of all',
  async (keep, expire) => {
    await network.close(0);
    await begin(keep);
    await run(String.raw`
    A< +OK Pabal POP3 at your service
    A> CAPA
    A< ...
    A< EXPIRE 0 USER
    A< .
    A> USER ${USER_ID}
    A< +OK Now the password
    A> PASS ${PASSWORD}
    A< /^\+OK 1 messages/
    A> CAPA
    A< ...
    A< ${expire}
    A< .
    ${QUIT}`);
  },
);
