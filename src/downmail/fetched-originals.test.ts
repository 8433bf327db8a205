/** What follows when an original was fetched (C-50). */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { memoryBackend, type User } from '../../test/support/backend.ts';
import { RejectLists } from '../directory/reject-lists.ts';
import { ownRejects } from '../intake/own-rejects.ts';
import type { NotificationOrigin } from '../mail/downmail/origin.ts';
import { MailError } from '../mail/error.ts';
import type { EmailId } from '../mailstore/api.ts';
import {
  FETCHED_KIND,
  FetchedOriginals,
  putUndeletedPolicy,
  undeletedOriginals,
  type UndeletedPolicy,
} from './fetched-originals.ts'; // prettier-ignore
import { UndeletedHosts } from './undeleted-hosts.ts';

const HOUR = 3_600_000;
const EMAIL = 'e'.repeat(24) as EmailId;
const START = Date.UTC(2026, 0, 1);

let now: number;
let remove: () => Promise<'deleted' | 'kept'>;
let again: () => Promise<'gone' | 'same' | 'other'>;
let asked: string[];
let backend: Awaited<ReturnType<typeof memoryBackend>>;
let lists: RejectLists;
let hosts: UndeletedHosts;

beforeEach(async () => {
  backend = await memoryBackend();
  now = START;
  asked = [];
  remove = async () => 'deleted';
  again = async () => 'same';
  lists = new RejectLists(backend.kv, backend.clock, backend.random);
  hosts = new UndeletedHosts(backend.kv, backend.clock, backend.random);
});
afterEach(() => backend.queue[Symbol.asyncDispose]());

function originals(policy: UndeletedPolicy = 'note', againMs = 24 * HOUR): FetchedOriginals {
  return new FetchedOriginals({
    ...backend,
    clock: { now: () => now },
    rejectLists: lists,
    hosts,
    fetch: {
      isOurs: () => false,
      remove: () => (asked.push('delete'), remove()),
      again: () => (asked.push('again'), again()),
    },
    againMs,
    policy,
    accounts: 2,
  });
}

async function fetched(
  user: User,
  { origin = 'proven', host = 'mail.a.test' }: { origin?: NotificationOrigin; host?: string } = {},
) {
  const account = await backend.accountOf(user);
  const access = { server: host, userId: '/a/b/1/', password: 'p', link: `https://${host}/downmail/a/b/1/p` };
  const { value } = originals().recordOf({
    access: { ...access, size: 1, digest: '', expires: START + 100 * 24 * HOUR },
    host,
    author: 'kim@a.test',
    origin,
  });
  await account.putRecord(FETCHED_KIND, EMAIL, value);
  return account;
}

/** Until nothing is left to be done. */
async function untilSettled(user: User, by: FetchedOriginals, more: Parameters<typeof fetched>[1] = {}) {
  using account = await fetched(user, more);
  for (let due: number | undefined = now; due !== undefined; due = await by.look(account, EMAIL)) now = due;
  expect(await account.record(FETCHED_KIND, EMAIL)).toBeUndefined();
}

test('what never came to be needs nothing', async () => {
  using account = await backend.accountOf(backend.alice);
  await originals().expect(account, EMAIL);
  expect(await backend.queue.list('outbound')).toMatchObject([{ payload: { original: true, submission: EMAIL } }]);
  expect(await originals().look(account, EMAIL)).toBeUndefined();
  expect(asked).toEqual([]);
});

test('it is deleted at its sender as soon as he answers, and once', async () => {
  let left = 3;
  remove = async () => {
    if (left-- > 0) throw new Error('nobody answers');
    return 'deleted';
  };
  again = async () => 'gone';
  await untilSettled(backend.alice, originals());
  expect(asked).toEqual(['delete', 'delete', 'delete', 'delete', 'again']);
  expect(now - START).toBeGreaterThan(24 * HOUR);
  expect(await hosts.list()).toEqual([]);
});

test('what nobody deletes is given up when it expires, and a host that cannot be asked again is not judged', async () => {
  remove = () => Promise.reject(new Error('nobody answers'));
  await untilSettled(backend.alice, originals());
  expect(now).toBeGreaterThanOrEqual(START + 100 * 24 * HOUR);
  remove = async () => 'deleted';
  again = () => Promise.reject(new MailError('busy', 'temporary', 'nobody answers'));
  now = START;
  await untilSettled(backend.alice, originals());
  expect(asked.filter((one) => one === 'again')).toHaveLength(5);
  expect(await hosts.list()).toEqual([]);
});

test('a server that still has it is noted; who wants that has its mail in Junk from then on', async () => {
  await untilSettled(backend.alice, originals());
  using alice = await backend.accountOf(backend.alice);
  expect(await undeletedOriginals(alice)).toMatchObject([
    { host: 'mail.a.test', sender: 'a.test', times: 1, listed: false },
  ]);
  expect(await ownRejects(alice)).toEqual([]);
  await putUndeletedPolicy(alice, 'junk');
  await untilSettled(backend.alice, originals());
  expect(await ownRejects(alice)).toEqual([{ sender: 'a.test', action: 'junk' }]);
  expect(await undeletedOriginals(alice)).toMatchObject([{ times: 2, listed: true }]);
  // One account alone does not decide for all.
  expect(await lists.of('')).toEqual([]);
});

test('the service puts it aside when that is its policy, and enough accounts have found it out', async () => {
  await untilSettled(backend.alice, originals('junk'));
  await untilSettled(backend.alice, originals('junk'));
  expect(await lists.of('')).toEqual([]);
  await untilSettled(backend.bob, originals('junk'));
  expect(await lists.of('')).toEqual([{ sender: 'a.test', action: 'junk' }]);
  expect(await hosts.list()).toMatchObject([
    { host: 'mail.a.test', accounts: [backend.bob.account, backend.alice.account] },
  ]);
  expect([await hosts.forget('MAIL.a.test'), await hosts.forget('mail.a.test')]).toEqual([true, false]);
});

test('a sender who says that he keeps it is noted as such, and nothing follows', async () => {
  remove = async () => 'kept';
  using alice = await backend.accountOf(backend.alice);
  await putUndeletedPolicy(alice, 'junk');
  await untilSettled(backend.alice, originals('junk'));
  expect(await undeletedOriginals(alice)).toMatchObject([{ openly: true, listed: false }]);
  expect([await ownRejects(alice), await hosts.list()]).toEqual([[], []]);
});

test('who writes from somebody else’s host answers for himself; gateways, and all when it is switched off, are not judged', async () => {
  await untilSettled(backend.alice, originals(), { origin: 'other-host', host: 'mail.b.test' });
  expect(await hosts.list()).toMatchObject([{ host: 'mail.b.test', sender: 'kim@a.test' }]);
  asked = [];
  await untilSettled(backend.alice, originals(), { origin: 'gateway' });
  await untilSettled(backend.alice, originals('note', 0));
  expect(asked).toEqual(['delete', 'delete']);
});
