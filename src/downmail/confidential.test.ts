/** Confidential mail: read at the sender mailbox alone, with a code that its sender tells by another way. */
import { expect, test } from 'vitest';
import { ScriptedTransfer, taken } from '../../test/support/scripted-transfer.ts';
import { ALICE, aliceSends, type Sending, type SendingOptions, sendingWorld } from '../../test/support/sending.ts';
import { readNotification } from '../mail/downmail/fields.ts';
import { HeaderBlock } from '../mail/header.ts';
import { CODE_TRIES } from './pick-up.ts';

const DAY = 86_400_000;
const FROM = { protocol: 'web', remote: '192.0.2.50' } as const;
const TO = 'tjkim@cntc.ac.kr';

async function world(options: SendingOptions = {}) {
  const made = await sendingWorld({ ...options, downmail: { mode: 'downmail', ...options.downmail } });
  const transfer = new ScriptedTransfer(() => made.clock.now());
  transfer.servers.set('cntc.ac.kr', () => taken);
  return { ...made, transfer, begin: () => made.start(undefined, transfer) };
}

type World = Awaited<ReturnType<typeof world>>;

/** Short, so that it would go whole; with what its notification says and its code. */
async function sendsConfidential({ transfer }: World, run: Sending, until?: number) {
  const { id } = await aliceSends(run, [TO], {
    subject: 'for you alone',
    body: 'the secret\r\n',
    confidential: until === undefined ? {} : { until },
  });
  await run.quiet();
  const raw = String(transfer.mails.at(-1));
  const access = readNotification(HeaderBlock.parse(Buffer.from(raw)));
  if (access === undefined) throw new Error('no notification');
  const code = run.manager.passCode(ALICE, id);
  const open = async (given?: string, more: object = {}) => {
    const by = { ...FROM, ...(given !== undefined && { code: given }), ...more };
    const opened = await run.pickUp.open(access.userId, access.password, by);
    if (opened.kind === 'gone') return opened.state;
    if (opened.kind === 'confidential') return opened.why;
    using mail = opened.mail;
    await mail.markFetched('web');
    return mail.confidential ? 'shown' : 'handed over';
  };
  return { id, raw, access, code, wrong: code === '00000000' ? '00000001' : '00000000', open };
}

test('its notification says so, with nothing of it; the code opens it, on the page alone', async () => {
  const here = await world();
  await using run = await here.begin();
  const { raw, access, code, wrong, open } = await sendsConfidential(here, run);
  expect(raw).not.toContain('the secret');
  expect(raw).not.toContain(code);
  expect(raw).toContain('confidential');
  expect(raw).toContain('기밀');
  expect(access.confidential).toBe(true);
  expect(code).toMatch(/^[0-9]{8}$/);
  expect(await open()).toBe('code-missing');
  expect(await open(wrong)).toBe('code-wrong');
  for (const protocol of ['imap', 'pop3', 'fetch'] as const) expect(await open(code, { protocol })).toBe('page-only');
  expect(await open(`${code.slice(0, 4)} ${code.slice(4)}`)).toBe('shown');
  expect(await open(code)).toBe('shown');
});

test('five wrong codes lock it, also when they come at once; a new password opens it again', async () => {
  const here = await world();
  await using run = await here.begin();
  const { id, code, wrong, open, access } = await sendsConfidential(here, run);
  const tried = await Promise.all(Array.from({ length: 2 * CODE_TRIES }, () => open(wrong)));
  expect(tried.filter((why) => why === 'code-wrong')).toHaveLength(CODE_TRIES);
  expect(await open(code)).toBe('locked');
  expect(await open()).toBe('locked');
  await run.manager.notify(run.alice, { mail: id }, true);
  await run.quiet();
  const anew = readNotification(HeaderBlock.parse(Buffer.from(String(here.transfer.mails.at(-1)))));
  await expect(open(code)).rejects.toMatchObject({ code: 'auth-failed' });
  const opened = await run.pickUp.open(access.userId, anew?.password ?? '', { ...FROM, code });
  expect(opened.kind).toBe('mail');
  if (opened.kind === 'mail') opened.mail[Symbol.dispose]();
});

test('a right code begins the count anew', async () => {
  const here = await world();
  await using run = await here.begin();
  const { code, wrong, open } = await sendsConfidential(here, run);
  for (let i = 0; i < 2; i++) {
    for (let tries = 1; tries < CODE_TRIES; tries++) expect(await open(wrong)).toBe('code-wrong');
    expect(await open(code)).toBe('shown');
  }
});

test('it ends when its sender says, and also for who has seen it when it is taken back', async () => {
  const here = await world({ downmail: { keep: 'until-fetched' } });
  await using run = await here.begin();
  const first = await sendsConfidential(here, run, here.clock.now() + 2 * DAY);
  expect(first.access.expires).toBe(Math.floor((here.clock.now() + 2 * DAY) / 1000) * 1000);
  const second = await sendsConfidential(here, run);
  expect(await second.open(second.code)).toBe('shown');
  // However the account keeps other mail.
  await here.clock.advance(DAY);
  expect(await second.open(second.code)).toBe('shown');
  await run.submit.recall(run.alice, second.id);
  expect(await second.open(second.code)).not.toBe('shown');
  await run.quiet();
  // He has seen it, and sees it no more.
  expect(await second.open(second.code)).toBe('fetched');
  await here.clock.advance(DAY);
  expect(await first.open(first.code)).toBe('expired');
});

test('where no mail is held there is none', async () => {
  const here = await world({ downmail: { mode: 'conventional' } });
  await using run = await here.begin();
  await expect(aliceSends(run, [TO], { confidential: {} })).rejects.toMatchObject({ code: 'sender-mailbox-missing' });
  expect(here.transfer.mails).toEqual([]);
});

test('each mail has a code of its own', async () => {
  const here = await world();
  await using run = await here.begin();
  const [first, second] = [await sendsConfidential(here, run), await sendsConfidential(here, run)];
  expect(first.code).not.toBe(second.code);
  expect(await first.open(second.code)).toBe('code-wrong');
});
