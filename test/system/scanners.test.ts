/** The engines that Debian packages, as they are: each passes the contract of the port. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectControl } from '../../src/control/client.ts';
import { quarantineList, quarantineRelease } from '../../src/control/operations/quarantine.ts';
import { queueCounts } from '../../src/control/operations/queue.ts';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { Service } from '../service.ts';
import { until } from '../support/until.ts';
import { ClamdScanner } from '../../src/adapters/scanner-clamd.ts';
import { RspamdScanner } from '../../src/adapters/scanner-rspamd.ts';
import { SpamdScanner } from '../../src/adapters/scanner-spamd.ts';
import type { HeldMail } from '../../src/intake/quarantine.ts';
import { EICAR } from '../../src/mail/malware/eicar.ts';
import { ORDINARY, scannedMail, scannerContract } from '../../src/ports/scanner.contract.ts';
import { ScannerFailed } from '../../src/ports/scanner.ts';
import type { Program } from '../support/program.ts';
import { GTUBE, hasClamd, hasRspamd, hasSpamd, startClamd, startRspamd, startSpamd } from '../support/scanners.ts'; // prettier-ignore

const FOUND = 'Eicar-Test-Signature.UNOFFICIAL';
const NOWHERE = '127.0.0.1:1';
const withBody = (body: string): string => ORDINARY.slice(0, ORDINARY.indexOf('\r\n\r\n') + 4) + body;
const EICAR_MAIL = withBody(`${EICAR}\r\n`);
const GTUBE_MAIL = withBody(`${GTUBE}\r\n`);

let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'pabal-scanners-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!hasClamd)('clamd (skipped where clamav-daemon is not installed)', () => {
  let clamd: Program;
  beforeAll(async () => void (clamd = await startClamd(folder)));
  afterAll(() => clamd[Symbol.asyncDispose]());

  scannerContract({
    open: () => new ClamdScanner({ endpoint: clamd.endpoint }),
    unreachable: () => new ClamdScanner({ endpoint: NOWHERE }),
    malware: EICAR_MAIL,
  });

  test('a connection that was kept over a restart is made anew', async () => {
    await using scanner = new ClamdScanner({ endpoint: clamd.endpoint });
    const signal = new AbortController().signal;
    expect((await scanner.scan(scannedMail(EICAR_MAIL), signal)).malware).toEqual([FOUND]);
    await clamd.kill();
    await expect(scanner.scan(scannedMail(EICAR_MAIL), signal)).rejects.toBeInstanceOf(ScannerFailed);
    await clamd.start();
    expect((await scanner.scan(scannedMail(EICAR_MAIL), signal)).malware).toEqual([FOUND]);
  });
});

describe.skipIf(!hasRspamd)('rspamd (skipped where rspamd is not installed)', () => {
  let rspamd: Program;
  beforeAll(async () => void (rspamd = await startRspamd(folder)));
  afterAll(() => rspamd[Symbol.asyncDispose]());

  scannerContract({
    open: () => new RspamdScanner({ url: `http://${rspamd.endpoint}` }),
    unreachable: () => new RspamdScanner({ url: `http://${NOWHERE}` }),
    spam: GTUBE_MAIL,
  });
});

describe.skipIf(!hasSpamd)('spamd (skipped where spamd is not installed)', () => {
  let spamd: Program;
  beforeAll(async () => void (spamd = await startSpamd(folder)));
  afterAll(() => spamd[Symbol.asyncDispose]());

  scannerContract({
    open: () => new SpamdScanner({ endpoint: spamd.endpoint }),
    unreachable: () => new SpamdScanner({ endpoint: NOWHERE }),
    spam: GTUBE_MAIL,
  });
});

describe.skipIf(!hasClamd)('the service with clamd (skipped where clamav-daemon is not installed)', () => {
  test('clamd is killed and comes back under load: no mail is lost, and none reaches anybody unscanned', async () => {
    await using clamd = await startClamd(folder);
    await using service = await Service.start({ set: { 'viruses.clamd': clamd.endpoint, 'viruses.seconds': '5' } });
    const count = 40;
    // Not at its beginning: what is caught without clamd must not answer for it.
    const evil = `A text before it. ${EICAR}\r\n`;
    for (let i = 0; i < count; i++) {
      if (i === 10) await clamd.kill();
      if (i === 30) await clamd.start();
      await using client = await SmtpClient.connect(service.at('smtp'));
      const body = i % 4 === 0 ? evil : 'An ordinary text.\r\n';
      const raw = `From: kim@remote.test\r\nSubject: ${i}\r\nMessage-ID: <${i}@remote.test>\r\n\r\n${body}`;
      await client.send('kim@remote.test', ['user@mail.test'], Buffer.from(raw));
    }
    await using imap = await ImapClient.connect(service.at('imap'));
    await imap.login('user@mail.test', 'pass');
    const good = Array.from({ length: count }, (_, i) => i).filter((i) => i % 4 !== 0);
    const seen = (): Promise<number> => imap.count('INBOX');
    await until('the good ones', async () => (await seen()) >= good.length);
    const infected = async (): Promise<number> => {
      await using control = (await connectControl(join(service.data, 'run', 'control.sock')))!;
      const counts = await control.call(queueCounts, {});
      return counts.intake.waiting === 0 ? counts.error.waiting : -1;
    };
    await until('the infected ones', async () => (await infected()) === count - good.length);
    expect(await seen()).toBe(good.length);

    // What an operator releases comes all the same, though clamd would find it again.
    await using control = (await connectControl(join(service.data, 'run', 'control.sock')))!;
    const held: HeldMail[] = [];
    await control.call(quarantineList, {}, { onItem: (mail) => void held.push(mail) });
    expect(held.map(({ reason }) => reason.includes(FOUND))).toEqual(Array(count - good.length).fill(true));
    await control.call(quarantineRelease, { id: held[0]!.id });
    await until('what was released', async () => (await seen()) > good.length);
    // It is in the mailbox a moment before its entry has gone.
    await until('one less that is held', async () => (await infected()) === held.length - 1);
  });
});
