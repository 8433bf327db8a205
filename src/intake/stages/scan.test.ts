/** The stages virus and spam in the pipeline, with the worker that runs it. */
import { afterEach, describe, expect, test } from 'vitest';
import { aliceLab, SYSTEM } from '../../../test/support/mail-store.ts';
import { pipelineOf } from '../../../test/support/pipeline.ts';
import { ScriptedScanner } from '../../../test/support/scripted-scanner.ts';
import { settle } from '../../../test/support/settle.ts';
import { MemoryCache } from '../../adapters/cache-memory.ts';
import { openQueue } from '../../adapters/queue-kv.ts';
import { SeededRandom } from '../../adapters/random-seeded.ts';
import { StaticResolver } from '../../adapters/resolver-static.ts';
import { EICAR } from '../../mail/malware/eicar.ts';
import type { AccountId, FolderRole } from '../../mailstore/api.ts';
import { silentLog } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import type { RunningCheck } from '../authentication/check.ts';
import { Intake } from '../intake.ts';
import type { StageName } from '../pipeline.ts';
import { Engines } from '../scan/engines.ts';
import { assessment } from '../spam/assessment.ts';
import { BayesFilters } from '../spam/bayes-filters.ts';
import { noteSent } from '../spam/correspondents.ts';
import { Greylist } from '../spam/greylist.ts';
import { readMailText } from '../spam/mail-text.ts';
import { tokensOf } from '../spam/tokens.ts';
import { IntakeWorker } from '../worker.ts';
import { authentication } from './authentication.ts';
import { file } from './file.ts';
import { dnsList, SpamStage, type SpamParts } from './spam.ts';
import { VirusStage, type VirusRules } from './virus.ts';

const ALICE = 'alice-1' as AccountId;
const BOB = 'bob-1' as AccountId;
const RULES: VirusRules = {
  malware: 'error-queue',
  executables: 'error-queue',
  archives: 'accept',
  onFailure: 'retry',
};

/** A DMARC policy that asks for Junk. */
const QUARANTINE = {
  begin: (): RunningCheck => ({
    push: () => Promise.resolve(),
    end: () =>
      Promise.resolve({
        iprev: { result: 'none', address: '', name: '' },
        spf: { result: 'none', identity: 'helo', domain: '' },
        dkim: [],
        arc: { result: 'none', instance: 0, sealer: '', claims: '' },
        dmarc: {
          result: 'fail',
          domain: 'remote.test',
          policyDomain: 'remote.test',
          policy: 'quarantine',
          disposition: 'quarantine',
          spfAligned: false,
          dkimAligned: false,
        },
      }),
    abort: () => undefined,
  }),
};

const ends: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of ends.splice(0)) await one[Symbol.asyncDispose]();
});

async function lab(
  options: {
    virus?: Partial<VirusRules>;
    spam?: Partial<SpamParts>;
    listed?: readonly string[];
    quarantine?: boolean;
  } = {},
) {
  const { store, clock, kv, alice } = await aliceLab();
  await store.createAccount(BOB);
  const random = new SeededRandom(7);
  const queue = await openQueue({ kv, clock, random });
  const metrics = new Metrics();
  const log = silentLog;
  const clam = new ScriptedScanner('malware', (raw) => ({ points: [], malware: raw.includes('evil') ? ['Evil'] : [] }));
  const assassin = new ScriptedScanner('spam', (raw) => ({
    points: raw.includes('pills') ? [{ name: 'SA_PILLS', points: 6, why: 'it sells pills' }] : [],
    malware: [],
  }));
  const engines = new Engines({ scanners: [clam, assassin], deadlineMs: 20_000, clock, log, metrics });
  const filters = new BayesFilters({ kv, clock, random });
  const listed = { addresses: [{ address: '127.0.0.2', family: 4 as const }] };
  const resolver = new StaticResolver(Object.fromEntries((options.listed ?? []).map((name) => [name, listed])));
  const common = { store, engines, log, metrics };
  const virus = new VirusStage({ ...common, rules: { ...RULES, ...options.virus } });
  const spam = new SpamStage({
    ...common,
    filters,
    resolver,
    clock,
    rules: { addressLists: [], domainLists: [], languages: [] },
    limit: 5,
    onFailure: 'accept',
    loopback: false,
    ...options.spam,
  });
  const passedOver: StageName[] = [];
  const asked = options.quarantine ? [authentication(QUARANTINE)] : [];
  const pipeline = pipelineOf([...asked, virus, spam, file({ clock, log })], (stage) => passedOver.push(stage));
  const intake = new Intake({ store, queue, clock, hostname: 'mx.test', log, metrics, pipeline });
  ends.push(new IntakeWorker({ store, queue, pipeline, clock, random, log, metrics }));
  return {
    store,
    alice,
    queue,
    clam,
    assassin,
    clock,
    filters,
    pipeline,
    passedOver,
    deliver: async (raw: string, { to = [ALICE], remote = '192.0.2.1' } = {}) => {
      const recipients = to.map((account) => ({ account, address: `${account}@example.test` }));
      const origin = { protocol: 'ESMTP', hello: 'mx.remote.test', remote, cipher: '' };
      const mail = { head: Buffer.from(raw) };
      await intake.accept({ sender: 'kim@remote.test', recipients, origin, source: 'outside', mail });
      await settle();
    },
    folder: async (role: FolderRole): Promise<readonly string[]> => {
      await alice.refresh();
      const folder = alice.folderWithRole(role)!;
      const all = await Array.fromAsync(alice.detailsOf(alice.getMessageIds({ folder: folder.id })));
      return all.map((details) => details?.envelope.subject ?? '');
    },
    errors: async (): Promise<readonly (string | undefined)[]> => {
      return (await queue.list('error')).map(({ reason }) => reason);
    },
    assessed: async () => {
      await alice.refresh();
      const meta = alice.meta(alice.getMessageIds({ descending: true })[0]!)!;
      return await assessment(alice, meta.email);
    },
  };
}

let number = 0;
function mail(subject: string, body: string, more = ''): string {
  return (
    `Date: Sun, 1 Mar 2026 09:00:00 +0000\r\nFrom: Kim <kim@remote.test>\r\nTo: alice@example.test\r\n` +
    `Message-ID: <${number++}@remote.test>\r\nSubject: ${subject}\r\n${more}\r\n${body}\r\n`
  );
}
const attached = (name: string, content: string | Buffer): string =>
  mail(
    'a file',
    `--b\r\nContent-Type: text/plain\r\n\r\nsee the file\r\n--b\r\nContent-Type: application/octet-stream\r\n` +
      `Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="${name}"\r\n\r\n` +
      `${Buffer.from(content as string).toString('base64')}\r\n--b--`,
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n',
  );

describe('viruses', () => {
  test('what an engine finds goes to the error queue with its name, and nobody is answered', async () => {
    const { deliver, folder, errors } = await lab();
    await deliver(mail('evil', 'an evil text'));
    await deliver(mail('good', 'a text'));
    expect(await folder('inbox')).toEqual(['good']);
    expect(await errors()).toEqual([expect.stringContaining('a virus: Evil')]);
  });

  test('what goes to Junk as its domain asks is looked at, too', async () => {
    const { deliver, folder, errors } = await lab({ quarantine: true });
    await deliver(mail('evil', 'an evil text'));
    await deliver(mail('forged', 'a text'));
    expect(await folder('junk')).toEqual(['forged']);
    expect(await errors()).toEqual([expect.stringContaining('a virus: Evil')]);
  });

  test('one scan serves all recipients of a mail', async () => {
    const { deliver, clam } = await lab();
    await deliver(mail('hi', 'to both'), { to: [ALICE, BOB] });
    expect(clam.seen).toHaveLength(1);
  });

  test('without an engine the test virus and files that run are caught, with the policies that are set', async () => {
    for (const [virus, inbox, junk, count] of [
      [{}, [], [], 3],
      [{ malware: 'discard', executables: 'junk' }, [], ['a file', 'a file'], 0],
      [{ executables: 'accept' }, ['a file', 'a file'], [], 1],
    ] as const) {
      const { deliver, folder, errors, clam } = await lab({ virus });
      await deliver(attached('eicar.txt', EICAR));
      expect(clam.seen).toEqual([]);
      await deliver(attached('invoice.pdf.exe', 'text'));
      await deliver(attached('photo.jpg', Buffer.concat([Buffer.from('MZ\x90\0', 'latin1'), Buffer.alloc(100)])));
      expect(await folder('inbox')).toEqual(inbox);
      expect(await folder('junk')).toEqual(junk);
      expect(await errors()).toHaveLength(count);
    }
  });

  test('an archive that nobody can look into is dealt with as the policy says', async () => {
    for (const [archives, inbox, junk, count] of [
      ['accept', ['a file'], [], 0],
      ['junk', [], ['a file'], 0],
      ['error-queue', [], [], 1],
    ] as const) {
      const { deliver, folder, errors } = await lab({ virus: { archives } });
      await deliver(attached('documents.7z', Buffer.from('7z\xbc\xaf\x27\x1c', 'latin1')));
      expect([await folder('inbox'), await folder('junk')]).toEqual([inbox, junk]);
      expect(await errors()).toHaveLength(count);
    }
  });

  test('while the engine is down mail waits as long as it takes, and is scanned then', async () => {
    const { deliver, folder, errors, clam, clock, queue } = await lab();
    clam.state = 'down';
    await deliver(mail('evil', 'an evil text'));
    await deliver(mail('good', 'a text'));
    for (let hour = 0; hour < 6; hour++) {
      await clock.advance(3_600_000);
      await settle();
    }
    expect(await folder('inbox')).toEqual([]);
    expect((await queue.counts()).intake.waiting).toBe(2);
    clam.state = 'up';
    await clock.advance(3_600_000);
    await settle();
    expect(await folder('inbox')).toEqual(['good']);
    expect(await errors()).toEqual([expect.stringContaining('a virus: Evil')]);
  });

  test('an engine that hangs is one that is down', async () => {
    const { deliver, folder, queue, clam, clock } = await lab();
    clam.state = 'hangs';
    await deliver(mail('good', 'a text'));
    await clock.advance(21_000);
    await settle();
    expect((await queue.list('intake'))[0]?.reason).toContain('took too long');
    clam.state = 'up';
    await clock.advance(60_000);
    await settle();
    expect(await folder('inbox')).toEqual(['good']);
  });

  test('where the policy says accept, mail passes unscanned, and that is counted; what is known to be bad does not', async () => {
    const { deliver, folder, errors, clam, passedOver } = await lab({ virus: { onFailure: 'accept' } });
    clam.state = 'down';
    await deliver(mail('good', 'a text'));
    await deliver(attached('eicar.txt', EICAR));
    expect(await folder('inbox')).toEqual(['good']);
    expect(passedOver).toEqual(['virus']);
    expect(await errors()).toEqual([expect.stringContaining('EICAR')]);
  });

  test('where it says error queue, and for what no engine takes, it waits for an operator', async () => {
    const first = await lab({ virus: { onFailure: 'error-queue' } });
    first.clam.state = 'down';
    await first.deliver(mail('good', 'a text'));
    expect(await first.errors()).toEqual([expect.stringContaining('nobody is there')]);
    const second = await lab();
    second.clam.state = 'too-large';
    await second.deliver(mail('good', 'a text'));
    expect(await second.errors()).toEqual([expect.stringContaining('too large')]);
  });
});

describe('spam', () => {
  test('points are added up and explained; with enough of them a mail goes to Junk', async () => {
    const { alice, deliver, folder, assessed } = await lab();
    const before = alice.version;
    await deliver(mail('hello', 'a text'));
    expect(await assessed()).toMatchObject({ spam: false, limit: 5 });
    // Mail and points are one operation.
    expect(alice.version).toBe(before + 1);
    await deliver(mail('hello', 'buy pills'));
    expect(await folder('junk')).toEqual(['hello']);
    const { spam, score, points } = (await assessed())!;
    expect(spam).toBe(true);
    expect(score).toBeGreaterThanOrEqual(6);
    expect(points[0]).toEqual({ name: 'SA_PILLS', points: 6, why: 'it sells pills' });
  });

  test('an engine that is down costs its points only', async () => {
    const { deliver, folder, assassin, passedOver, assessed } = await lab();
    assassin.state = 'down';
    await deliver(mail('BUY NOW AND SAVE!!!', 'buy pills'));
    expect(await folder('inbox')).toEqual(['BUY NOW AND SAVE!!!']);
    expect(passedOver).toEqual(['spam']);
    expect((await assessed())?.points.map(({ name }) => name)).toContain('SUBJECT_SHOUTS');
  });

  test('lists in DNS: of servers, of domains that links name; answers that refuse the question do not count', async () => {
    const rules = { addressLists: [dnsList('bl.test=3')], domainLists: [dnsList('dbl.test')], languages: [] };
    const listed = [
      '1.2.0.192.bl.test',
      'shop.bad.test.dbl.test',
      `${'1.0.0.0.'.padEnd(48, '0.')}8.b.d.0.1.0.0.2.bl.test`,
    ];
    const { deliver, assessed } = await lab({ spam: { rules }, listed });
    await deliver(mail('hello', 'see http://www.shop.bad.test/x and http://good.test/'));
    const points = (await assessed())?.points.filter(({ name }) => name.startsWith('LISTED'));
    expect(points).toEqual([
      { name: 'LISTED_BL_TEST', points: 3, why: 'the sending server 192.0.2.1 is on the list bl.test' },
      { name: 'LISTED_DBL_TEST', points: 2.5, why: 'it links to shop.bad.test, which is on the list dbl.test' },
    ]);
  });

  test('a mail that is an attack in most ways, and a Korean one where Korean is not read', async () => {
    const rules = { addressLists: [], domainLists: [], languages: ['en'] };
    const { deliver, assessed } = await lab({ spam: { rules } });
    await deliver(
      mail(
        'Re: YOUR ACCOUNT IS SUSPENDED!!!',
        '<p>hello</p><a href="http://203.0.113.9/x">https://bank.test/login</a><form>password</form>',
        'Content-Type: text/html\r\nReply-To: x@gmail.com\r\n',
      ),
    );
    const names = (await assessed())?.points.map(({ name }) => name);
    for (const name of [
      'LINK_MISLEADS',
      'LINK_TO_ADDRESS',
      'SUBJECT_SHOUTS',
      'SUBJECT_MARKS',
      'FAKE_ANSWER',
      'HTML_FORM',
      'REPLY_TO_FREE_MAILBOX',
      'ONLY_HTML',
    ]) // prettier-ignore
      expect(names).toContain(name);
    await deliver(
      mail(
        '안녕하세요',
        '안녕하십니까. 지난주 회의에서 말씀드린 자료를 첨부하여 보내 드리오니 확인하시고 의견을 보내 주시기 바랍니다. 감사합니다.',
      ),
    );
    expect((await assessed())?.points.map(({ name }) => name)).toContain('FOREIGN_SCRIPT');
  });

  test('an answer to what one has written is expected, whoever else speaks against it', async () => {
    const { deliver, alice, folder, assessed } = await lab();
    await noteSent(alice, 'kim@remote.test', [{ messageId: '<q1@example.test>', at: 1 }]);
    await deliver(mail('Re: pills', 'your pills', 'In-Reply-To: <q1@example.test>\r\n'));
    expect((await assessed())?.points).toContainEqual(expect.objectContaining({ name: 'ANSWER_TO_YOU', points: -4 }));
    expect(await folder('inbox')).toEqual(['Re: pills']);
    // Who only claims the name shows nothing.
    await deliver(mail('again', 'pills'));
    expect((await assessed())?.points.map(({ name }) => name)).not.toContain('KNOWN_AUTHOR');
  });

  test('what an account taught its filter decides for that account', async () => {
    const { deliver, alice, store, filters, folder, assessed } = await lab();
    const teach = async (raw: string, verdict: 'spam' | 'ham', version: number): Promise<void> => {
      const [staged] = await store.stage([{ account: ALICE }], Buffer.from(raw));
      const { details, body } = await alice.staged(staged!);
      const tokens = tokensOf(await readMailText(details, body));
      await filters.teach(alice, [{ tokens, verdict, instead: false }], version);
    };
    for (let i = 0; i < 10; i++) {
      await teach(mail('bonus', `casino bonus number ${i} waits for you`), 'spam', 2 * i + 1);
      await teach(mail('minutes', `minutes of meeting ${i} with the team`), 'ham', 2 * i + 2);
    }
    await deliver(mail('bonus', 'a casino bonus waits for you'));
    expect(await folder('junk')).toEqual(['bonus']);
    expect((await assessed())?.points[0]).toMatchObject({ name: 'BAYES_SPAM' });
    await deliver(mail('minutes', 'the meeting with the team'));
    expect(await folder('inbox')).toEqual(['minutes']);
    // The same lessons again, as after a crash, change nothing.
    const before = JSON.stringify(await filters.own(alice));
    await teach(mail('bonus', 'casino'), 'spam', 3);
    expect(JSON.stringify(await filters.own(alice))).toBe(before);
    using bob = await store.open(SYSTEM, BOB);
    expect((await filters.own(bob)).spam).toBe(0);
  });

  test('greylisting: who is not known comes twice, and is known from then on', async () => {
    const { clock } = await lab();
    const cache = new MemoryCache(clock);
    const { pipeline } = await lab({ spam: { greylist: new Greylist(cache, clock) } });
    const recipient = { account: ALICE, address: 'alice@example.test' };
    const ask = (remote: string, sender = 'kim@remote.test') => pipeline.recipient({ sender, recipient, remote });
    await expect(ask('192.0.2.1')).rejects.toMatchObject({ code: 'greylisted' });
    await clock.advance(60_000);
    await expect(ask('192.0.2.1')).rejects.toMatchObject({ code: 'greylisted' });
    await clock.advance(150_000);
    await ask('192.0.2.77');
    await ask('192.0.2.1', 'other@remote.test');
    await expect(ask('198.51.100.1')).rejects.toMatchObject({ code: 'greylisted' });
    await ask('127.0.0.1');
  });
});
