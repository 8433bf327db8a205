/** Scripts of mailboxes on what mail programs do there (RFC 6785). */
import { describe, expect, test } from 'vitest';
import { arrivals, inFolder, rawOf } from '../../test/support/arriving.ts';
import { crashingKv } from '../../test/support/crashing-kv.ts';
import { problemsOf } from '../../test/support/mail-store.ts';
import { BOB, CAROL, INBOX, type Sending, subjects } from '../../test/support/sending.ts';
import { EventRun } from '../intake/sieve/event-run.ts';
import { EVENT, EventNoting, SCRIPT_ENTRY } from '../intake/sieve/events.ts';
import { annotate, type AnnotationPlace, WHOLE_ACCOUNT } from '../mailstore/annotations.ts';
import { Flag, type MailAccount, type MsgId } from '../mailstore/api.ts';
import { silentLog } from '../telemetry/log.ts';
import { imapScripts } from './imap-scripts.ts';
import { eventsOf, readable } from './module.ts';

const BY_BOB = { kind: 'user', account: BOB, address: 'bob@example.test', admin: false } as const;
const OLD = Date.UTC(2020, 0, 1);

type World = Awaited<ReturnType<typeof arrivals>>;
type Heard = Pick<Sending, 'mailstore' | 'scripts' | 'automatic' | 'returnPaths' | 'metrics' | 'quiet'>;

/** bob's account as a mail program changes it. */
function program({ mailstore, clock }: Pick<Sending, 'mailstore'> & Pick<World, 'clock'>) {
  return mailstore.open(BY_BOB, BOB, { noting: new EventNoting(BY_BOB.address, () => clock.now()) });
}

/** What happened since then comes to the module; answers the version. */
async function hear(world: World, since: number, by: Heard = world): Promise<number> {
  const { directory, clock } = world;
  const { scripts, automatic, returnPaths, metrics } = by;
  const parts = { scripts, automatic, returnPaths, metrics, directory, clock, log: silentLog, hostname: 'mx.test' };
  const module = imapScripts(new EventRun(parts as unknown as ConstructorParameters<typeof EventRun>[0]));
  using bob = await by.mailstore.open({ kind: 'system', role: 'module' }, BOB);
  await bob.refresh();
  if (!(await module.wants?.(readable(bob)))) return bob.version;
  for await (const changes of bob.changesSince(since) ?? []) {
    const events = eventsOf(BOB, changes, module.events);
    const context = { account: readable(bob), change: bob, version: changes.version, log: silentLog };
    if (events.length > 0) await module.handle(events, context, AbortSignal.timeout(60_000));
  }
  await by.quiet();
  await bob.refresh();
  return bob.version;
}

/** A script, and where it is bound; nothing is activated. */
async function bound(world: World, source: string, place: AnnotationPlace = INBOX): Promise<void> {
  await world.scripts.put(world.bob, 'events', source);
  await annotate(world.bob, place, new Map([[SCRIPT_ENTRY, Buffer.from('events')]]));
}

const append = async (account: MailAccount, subject = 'hi', folder = INBOX): Promise<MsgId> =>
  (await account.addMessage(Buffer.from(`From: <x@y.test>\r\nSubject: ${subject}\r\n\r\ntext\r\n`), { folder })).id;

const TELLING = `require ["imapsieve", "environment", "variables", "imap4flags", "fileinto", "copy", "mailbox"];
  if environment :matches "imap.cause" "*" { set "cause" "\${1}"; }
  if environment :matches "imap.mailbox" "*" { set "mailbox" "\${1}"; }
  if environment :matches "imap.changedflags" "*" { set "flags" "\${1}"; }
  if environment :matches "imap.user" "*" { set "user" "\${1}"; }
  if environment :matches "imap.email" "*" { set "email" "\${1}"; }
  if environment :matches "location" "*" { set "where" "\${1}"; }
  if environment :matches "phase" "*" { set "when" "\${1}"; }
  fileinto :copy :create "told \${cause} \${mailbox} (\${flags}) \${user} \${email} \${where} \${when}";`;

const ME = 'bob@example.test bob@example.test MS post';

function told(account: MailAccount): string[] {
  const names = account.folders().map(({ path, total }) => [path, total] as const);
  return names.filter(([path]) => path.startsWith('told ')).map(([path, total]) => `${path.slice(5)}: ${total}`);
}

test('run on what is appended, copied, moved and flagged, and know what that was', async () => {
  await using l = await arrivals();
  using imap = await program(l);
  const work = await l.bob.createFolder('일');
  await bound(l, TELLING, WHOLE_ACCOUNT);
  let at = await l.bob.refresh();
  const id = await append(imap);
  await imap.updateMessage([id], { mode: 'add', flags: Flag.flagged, keywords: ['$work'] });
  await imap.updateMessage([id], { mode: 'set', flags: Flag.seen, keywords: ['$work'] });
  at = await hear(l, at);
  await imap.copy([id], work.id);
  await imap.move([id], work.id);
  at = await hear(l, at);
  expect(told(l.bob).toSorted()).toEqual(
    [
      `APPEND INBOX () ${ME}: 1`,
      `FLAG INBOX (\\Flagged $work) ${ME}: 1`,
      `FLAG INBOX (\\Flagged \\Seen) ${ME}: 1`,
      `COPY 일 () ${ME}: 2`,
    ].toSorted(),
  );
  // What the script did, what arrived and what the service did is no event; nor is a change that changes nothing.
  await l.arrives();
  await l.bob.updateMessage([id], { mode: 'add', flags: Flag.answered, keywords: [] });
  await imap.updateMessage([id], { mode: 'add', flags: Flag.seen, keywords: [] });
  await hear(l, 0);
  expect(told(l.bob)).toHaveLength(4);
  expect(await l.bob.records(EVENT)).toEqual([]);
  expect(await problemsOf(l.mailstore)).toEqual([]);
});

test('a mailbox has its own script, or none, before that of the account', async () => {
  await using l = await arrivals();
  using imap = await program(l);
  await bound(l, TELLING, WHOLE_ACCOUNT);
  const own = async (value: string | undefined): Promise<string[]> => {
    await annotate(l.bob, INBOX, new Map([[SCRIPT_ENTRY, value === undefined ? value : Buffer.from(value)]]));
    const at = await l.bob.refresh();
    await append(imap);
    await hear(l, at);
    return told(l.bob);
  };
  await l.scripts.put(l.bob, 'flag', 'require ["imapsieve", "imap4flags"]; addflag "$Mine";');
  expect(await own('flag')).toEqual([]);
  expect(await own('')).toEqual([]);
  expect(await own('no such script')).toEqual([]);
  expect(await own(undefined)).toEqual([`APPEND INBOX () ${ME}: 1`]);
  const keywords = imap.getMessageIds({ folder: INBOX }).map((id) => l.bob.meta(id)?.keywords);
  expect(keywords).toEqual([['$Mine'], [], [], []]);
});

describe('what a script does not keep is marked', () => {
  test.each([
    ['discard;', Flag.deleted],
    ['discard; keep;', 0],
    ['fileinto "Archive";', Flag.deleted],
    ['fileinto :copy "Archive";', 0],
    ['redirect "carol@example.test";', Flag.deleted],
    ['redirect :copy "carol@example.test";', 0],
    // What could not be done loses nothing.
    ['fileinto "Nowhere";', 0],
    ['redirect "nobody@example.test";', 0],
    ['addheader "X" "1";', 0],
    ['notify "mailto:carol@example.test";', 0],
  ])('%s', async (source, flags) => {
    await using l = await arrivals();
    using imap = await program(l);
    await bound(l, `require ["imapsieve", "fileinto", "copy", "editheader", "enotify"]; ${source}`);
    const at = await l.bob.refresh();
    const id = await append(imap);
    await hear(l, at);
    await l.bob.refresh();
    expect(l.bob.meta(id)).toMatchObject({ flags, folder: INBOX });
  });
});

test('files with flags and a changed header, redirects in its owner’s name, and notifies', async () => {
  await using l = await arrivals();
  using imap = await program(l);
  await bound(
    l,
    `require ["imapsieve", "imap4flags", "fileinto", "copy", "editheader", "enotify"];
    addflag "\\\\Flagged"; addheader "X-Sorted" "yes"; fileinto :copy "Archive";
    redirect :copy "eve@remote.test"; notify :message "look" "mailto:carol@example.test";`,
  );
  const at = await l.bob.refresh();
  const { id } = await imap.addMessage(Buffer.from('From: <x@y.test>\r\nSubject: old\r\n\r\ntext\r\n'), {
    folder: INBOX,
    internalDate: OLD,
    flags: Flag.seen,
  });
  await hear(l, at);
  await l.bob.refresh();
  const flags = Flag.seen | Flag.flagged;
  expect(l.bob.meta(id)).toMatchObject({ flags });
  expect(await rawOf(l.bob, 'INBOX')).not.toContain('X-Sorted');
  const [filed] = l.bob.getMessageIds({ folder: l.bob.folderAt('Archive')!.id });
  expect(l.bob.meta(filed!)).toMatchObject({ flags, internalDate: OLD });
  expect(await rawOf(l.bob, 'Archive')).toMatch(/^X-Sorted: yes\r\nFrom: /);
  const sent = await l.sent(l.bob);
  expect(sent.map(({ to, sender }) => `${sender} ${to}`).toSorted()).toEqual([
    'bob@example.test carol@example.test',
    'bob@example.test eve@remote.test',
  ]);
  expect(await inFolder(l.carol, 'INBOX')).toEqual(['look']);
});

test('a script that fails leaves the message as it is, and its owner is told once', async () => {
  await using l = await arrivals();
  using imap = await program(l);
  await bound(l, 'require ["imapsieve", "vacation"]; vacation "away";');
  const at = await l.bob.refresh();
  await append(imap, 'one');
  await append(imap, 'two');
  await hear(l, at);
  expect(await inFolder(l.bob, 'INBOX')).toEqual(['one', 'two', 'Your mail filter failed / 메일 필터 오류: events']);
  expect(
    Buffer.from(await (await l.bob.body(l.bob.getMessageIds({ folder: INBOX }).at(-1)!)).bytes()).toString(),
  ).toMatch(/stays as it is/);
});

test('a thousand at once are done in parts; what was taken elsewhere meanwhile is left alone', async () => {
  await using l = await arrivals();
  using imap = await program(l);
  const ids: MsgId[] = [await append(l.bob)];
  const copies = await l.bob.copy(ids, INBOX);
  for (ids.push(...copies.map(({ placed }) => placed.id)); ids.length < 1_024; )
    ids.push(...(await l.bob.copy(ids, INBOX)).map(({ placed }) => placed.id));
  await bound(l, 'require ["imapsieve", "imap4flags"]; addflag "$Done";');
  const at = await l.bob.refresh();
  await imap.updateMessage(ids, { mode: 'add', flags: Flag.seen, keywords: [] });
  expect(await l.bob.records(EVENT)).toHaveLength(2);
  await l.bob.move([ids[7]!], l.bob.folderAt('Archive')!.id);
  await l.bob.deleteMessage([ids[8]!]);
  await hear(l, at);
  await l.bob.refresh();
  const done = ids.filter((id) => l.bob.meta(id)?.keywords.includes('$Done'));
  expect(done).toHaveLength(ids.length - 2);
  expect(await l.bob.records(EVENT)).toEqual([]);
});

test('a crash at every write: everything that the script wants is there, once', async () => {
  for (const applied of [false, true])
    for (let at = 1; ; at++) {
      await using l = await arrivals();
      await bound(
        l,
        `require ["imapsieve", "imap4flags", "fileinto", "copy", "enotify", "mailbox"];
        if hasflag "$seen" { removeflag "$seen"; }
        addflag "$Done"; fileinto :create "Filed"; redirect :copy "carol@example.test";
        notify :message "look" "mailto:eve@remote.test";`,
      );
      const since = await l.bob.refresh();
      {
        using imap = await program(l);
        await imap.addMessage(
          Buffer.from('From: <x@y.test>\r\nSubject: once\r\nMessage-ID: <1@y.test>\r\n\r\ntext\r\n'),
          {
            folder: INBOX,
            keywords: ['$seen'],
          },
        );
      }
      const crashing = crashingKv(l.kv, { at, applied });
      const killed = await l.start(crashing.kv).catch(() => undefined);
      if (killed) await hear(l, since, killed).catch(() => undefined);
      killed?.stop();
      await using next = await l.start();
      await hear(l, since, next);
      using bob = await next.mailstore.open(BY_BOB, BOB);
      using carol = await next.mailstore.open({ ...BY_BOB, account: CAROL }, CAROL);
      const sent = await l.sent(bob);
      const where = `write ${at}, ${applied ? '' : 'not '}applied`;
      expect(await subjects(bob, bob.folderAt('Filed')!.id), where).toEqual(['once']);
      expect(await subjects(carol, INBOX), where).toEqual(['once']);
      expect(sent.map(({ to }) => to).toSorted(), where).toEqual(['carol@example.test', 'eve@remote.test']);
      const [id] = bob.getMessageIds({ folder: INBOX });
      expect(bob.meta(id!), where).toMatchObject({ flags: Flag.deleted });
      expect(await bob.records(EVENT), where).toEqual([]);
      if (!crashing.dead) break;
    }
});
