import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import { taken, refused, ScriptedTransfer } from '../../../test/support/scripted-transfer.ts';
import { OUTBOUND_LIMITS } from '../../delivery/limits.ts';
import { OutboundWorker } from '../../delivery/worker.ts';
import type { IntakeWorker } from '../../intake/worker.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
let intake: IntakeWorker;
let outbound: OutboundWorker;
beforeEach(async () => {
  http = await httpBackend({ remote: true });
  intake = http.startWorker();
  const transfer = new ScriptedTransfer(() => http.clock.now());
  transfer.servers.set('other.test', ({ recipient: { address } }) => (address.startsWith('bad') ? refused : taken));
  outbound = new OutboundWorker(
    {
      ...http,
      store: http.mailstore,
      transfer,
      reputation: http.senders.reputation,
      fastBlock: http.senders.fastBlock,
    },
    OUTBOUND_LIMITS,
  );
});
afterEach(async () => {
  await outbound[Symbol.asyncDispose]();
  await http.dispatcher[Symbol.asyncDispose]();
  await intake[Symbol.asyncDispose]();
  await http.server.close(0);
  expect(http.handles.open, 'account handles left open').toBe(0);
});

const send = async (body: object) => {
  const { status, json } = await http.alice.as('POST', '/v1/messages', { body: { text: 'x', ...body } });
  expect(status).toBe(202);
  return json;
};
const show = async (id: string) => (await http.alice.as('GET', `/v1/submissions/${id}`)).json;
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

test('what became of a mail is told for each recipient, and in the list', async () => {
  const { id, state } = await send({ to: ['bob@example.test', 'x@other.test', 'bad@other.test'], subject: '제목' });
  expect(state).toBe('released');
  await expect
    .poll(async () => (await show(id)).recipients.map((r: { state: string }) => r.state))
    .toEqual(['delivered', 'sent', 'bounced']);
  expect(await show(id)).toMatchObject({
    subject: '제목',
    sender: 'alice@example.test',
    recipients: [{}, { server: 'mx', reply: '250 ok' }, { status: '5.1.1', reply: '550 5.1.1 no such user' }],
  });
  const { json } = await http.alice.as('GET', '/v1/submissions');
  expect(json.items).toMatchObject([{ id, recipients: { delivered: 1, sent: 1, bounced: 1 } }]);
  expect((await http.bob.as('GET', '/v1/submissions')).json.items).toEqual([]);
});

test('the list comes in pages, newest first', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.unshift((await send({ to: ['bob@example.test'], saveTo: null })).id);
  const first = (await http.alice.as('GET', '/v1/submissions?limit=3')).json;
  const rest = (await http.alice.as('GET', `/v1/submissions?limit=3&cursor=${first.next}`)).json;
  expect([...first.items, ...rest.items].map(({ id }: { id: string }) => id).sort()).toEqual([...ids].sort());
  expect(rest.next).toBeUndefined();
  expect((await http.bob.as('GET', `/v1/submissions?cursor=${first.next}`)).status).toBe(400);
});

test('a held mail is taken back, or goes; then it is too late', async () => {
  const { id, state } = await send({ to: ['bob@example.test'], sendAt: inAnHour() });
  expect(state).toBe('held');
  expect((await show(id)).recipients).toEqual([{ address: 'bob@example.test', state: 'held' }]);
  expect((await http.alice.as('DELETE', `/v1/submissions/${id}`)).status).toBe(204);
  expect((await http.alice.as('DELETE', `/v1/submissions/${id}`)).status).toBe(204);
  expect(await show(id)).toMatchObject({ state: 'cancelled', recipients: [{ state: 'cancelled' }] });
  const undo = await send({ to: ['bob@example.test'], undoFor: 1 });
  expect(undo.state).toBe('held');
  await expect.poll(async () => (await show(undo.id)).state).toBe('released');
  const late = await http.alice.as('DELETE', `/v1/submissions/${undo.id}`);
  expect([late.status, late.json.code]).toEqual([409, 'conflict']);
});

test("whether mail from programs leaves a copy is the owner's choice", async () => {
  const path = '/v1/settings/sending';
  expect((await http.alice.as('GET', path)).json).toEqual({ copyFromPrograms: false });
  const sentCopies = async () => {
    const { submit, users } = http;
    const recipients = [await submit.recipient(users.alice, 'bob@example.test', 0, '')];
    const origin = { protocol: 'ESMTPSA', hello: '', remote: '', cipher: '' };
    const mail = { head: Buffer.from('Subject: x\r\n\r\nx') };
    await submit.send({ by: users.alice, sender: users.alice.address, recipients, origin, mail, copy: 'as-set' });
    return (await http.alice.as('GET', '/v1/folders/sent/messages')).json.items.length;
  };
  expect(await sentCopies()).toBe(0);
  expect((await http.alice.as('PUT', path, { body: { copyFromPrograms: true } })).status).toBe(200);
  expect(await sentCopies()).toBe(1);
  expect((await http.bob.as('GET', path)).json).toEqual({ copyFromPrograms: false });
});

test('ids that cannot be one, and times that are none, are answered so', async () => {
  for (const id of ['0', 'x', 'f'.repeat(24), '..%2f', 'F'.repeat(24)])
    expect((await http.alice.as('GET', `/v1/submissions/${id}`)).status).toBe(404);
  const odd = [{ sendAt: 'tomorrow' }, { sendAt: '2999-01-01T00:00:00Z' }, { undoFor: 601 }, { undoFor: -1 }];
  for (const body of odd)
    expect((await http.alice.as('POST', '/v1/messages', { body: { to: ['bob@example.test'], ...body } })).status).toBe(
      400,
    );
});

test('a mail that its reader calls spam goes to Junk, and shows with who sent it; what nobody here sent goes to Junk only', async () => {
  const { id } = await send({ to: ['bob@example.test'], subject: 'buy' });
  await expect.poll(async () => (await show(id)).recipients[0].state).toBe('delivered');
  await http.deliver(
    http.users.bob,
    'From: alice@example.test\r\nMessage-ID: <forged@x>\r\nSubject: not hers\r\n\r\nx',
  );
  const { items } = (await http.bob.as('GET', '/v1/folders/inbox/messages')).json;
  for (const { id: message } of items)
    expect((await http.bob.as('POST', `/v1/messages/${message}/report`, { body: { as: 'spam' } })).status).toBe(204);
  expect((await http.bob.as('GET', '/v1/folders/junk/messages')).json.items).toHaveLength(2);
  expect((await show(id)).recipients).toMatchObject([{ complaint: expect.any(String) as string }]);
  await expect.poll(async () => (await http.queue.counts()).complaint.waiting).toBe(1);
});

test('a receipt is asked for, answered by its reader, and shown on the mail in Sent', async () => {
  const { id } = await send({ to: ['bob@example.test'], subject: '견적서', receipt: true });
  const bobs = async () => (await http.bob.as('GET', '/v1/folders/inbox/messages')).json.items;
  await expect.poll(bobs).toHaveLength(1);
  const [{ id: message }] = await bobs();
  const read = async () => (await http.bob.as('GET', `/v1/messages/${message}`)).json;
  expect(await read()).toMatchObject({ receiptRequested: { to: ['alice@example.test'] }, sent: null });
  // Reading it is not consent.
  await http.bob.as('PATCH', `/v1/messages/${message}`, { body: { read: true } });
  expect((await read()).receiptRequested).not.toBeNull();
  const answer = (body: object) => http.bob.as('POST', `/v1/messages/${message}/receipt`, { body });
  expect((await answer({ answer: 'eaten' })).status).toBe(400);
  expect((await answer({ answer: 'displayed' })).status).toBe(204);
  expect((await answer({ answer: 'displayed' })).status).toBe(409);
  expect(await read()).toMatchObject({ receiptRequested: null, keywords: ['$MDNSent'] });
  const inbox = async () => (await http.alice.as('GET', '/v1/folders/inbox/messages')).json.items;
  await expect.poll(inbox).toMatchObject([{ subject: '읽음 / Read: 견적서' }]);
  expect(await show(id)).toMatchObject({ receipt: true, recipients: [{ state: 'delivered' }] });
  const [{ id: copy }] = (await http.alice.as('GET', '/v1/folders/sent/messages')).json.items;
  expect((await http.alice.as('GET', `/v1/messages/${copy}`)).json.sent).toEqual(await show(id));
});

test('receipts go by themselves where their owner wants that; the setting and the language are kept', async () => {
  expect((await http.bob.as('GET', '/v1/settings/receipts')).json).toEqual({ answer: 'ask' });
  expect((await http.bob.as('GET', '/v1/settings/language')).json).toEqual({ language: null });
  await http.bob.as('PUT', '/v1/settings/receipts', { body: { answer: 'always' } });
  await http.bob.as('PUT', '/v1/settings/language', { body: { language: 'en' } });
  expect((await http.bob.as('PUT', '/v1/settings/receipts', { body: { answer: 'perhaps' } })).status).toBe(400);
  expect((await http.bob.as('GET', '/v1/settings/language')).json).toEqual({ language: 'en' });
  await send({ to: ['bob@example.test'], subject: 'offer', receipt: true });
  const bobs = async () => (await http.bob.as('GET', '/v1/folders/inbox/messages')).json.items;
  await expect.poll(bobs).toHaveLength(1);
  const [{ id: message }] = await bobs();
  const body = { read: true };
  expect((await http.bob.as('PATCH', `/v1/messages/${message}`, { body })).json.keywords).toEqual(['$MDNSent']);
  const inbox = async () => (await http.alice.as('GET', '/v1/folders/inbox/messages')).json.items;
  await expect.poll(inbox).toMatchObject([{ subject: 'Read: offer' }]);
});

test('a mail is taken back from who has not opened it; its receiver finds that out, and may forbid it', async () => {
  const recall = (id: string, as = http.alice.as) => as('POST', `/v1/submissions/${id}/recall`);
  const bobs = async () => (await http.bob.as('GET', '/v1/folders/inbox/messages')).json.items;
  const result = async (id: string) => (await show(id)).recipients.map((r: { recall: string }) => r.recall);
  const { id } = await send({ to: ['bob@example.test', 'x@other.test'], subject: 'oops' });
  await expect.poll(bobs).toHaveLength(1);
  await expect.poll(async () => (await show(id)).recipients[1].state).toBe('sent');
  expect((await recall(id, http.bob.as)).status).toBe(404);
  expect((await recall(id)).json).toMatchObject({ id, recalled: expect.any(String) });
  await expect.poll(() => result(id)).toEqual(['withdrawn', 'too-late']);
  expect(await bobs()).toEqual([]);
  expect((await http.bob.as('GET', '/v1/recalled')).json.items).toMatchObject([{ from: 'alice@example.test' }]);
  expect((await http.bob.as('GET', '/v1/settings/recall')).json).toEqual({ allow: true, note: true });
  await http.bob.as('PUT', '/v1/settings/recall', { body: { allow: false, note: true } });
  const { id: kept } = await send({ to: ['bob@example.test'] });
  await expect.poll(bobs).toHaveLength(1);
  expect((await recall(kept)).status).toBe(202);
  await expect.poll(() => result(kept)).toEqual(['too-late']);
  const { id: held } = await send({ to: ['bob@example.test'], sendAt: inAnHour() });
  expect((await recall(held)).json).toMatchObject({ state: 'cancelled', recipients: [{ recall: 'withdrawn' }] });
  const { id: cancelled } = await send({ to: ['bob@example.test'], sendAt: inAnHour() });
  await http.alice.as('DELETE', `/v1/submissions/${cancelled}`);
  expect((await recall(cancelled)).status).toBe(409);
});
