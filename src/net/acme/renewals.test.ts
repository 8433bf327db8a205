/** Certificates by ACME, from a server that checks what a real one does. */
import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AcmeAuthority, type AcmeAuthorityOptions } from '../../../test/support/acme-authority.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { silentLog } from '../../telemetry/log.ts';
import { splitPem } from '../certificate.ts';
import { type RenewalOptions, Renewals } from './renewals.ts';
import { renewalName } from './request.ts';

const DAY = 86_400_000;
let folder: string;
let ends: AsyncDisposableStack;
beforeEach(async () => {
  ends = new AsyncDisposableStack();
  folder = await mkdtemp(join(tmpdir(), 'pabal-renewals-'));
  ends.defer(() => rm(folder, { recursive: true }));
});
afterEach(() => ends.disposeAsync());

/** Time stands still but for the waiting in the middle of an order. */
class OrderClock extends ManualClock {
  override sleep(ms: number): Promise<void> {
    void ms;
    return new Promise((resolve) => setImmediate(resolve));
  }
}

async function world(authority: AcmeAuthorityOptions = {}, options: Partial<RenewalOptions> = {}) {
  const clock = new OrderClock(Date.now());
  let renewals: Renewals | undefined;
  const web = createServer((request, response) => {
    const proof = renewals?.challenge((request.url ?? '').split('/').at(-1) ?? '');
    response.writeHead(proof === undefined ? 404 : 200).end(proof);
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  ends.defer(() => new Promise<void>((resolve) => void web.close(() => resolve())));
  const http = () => `127.0.0.1:${(web.address() as AddressInfo).port}`;
  const server = ends.use(await AcmeAuthority.start({ http, ...authority }));
  const settings: RenewalOptions = {
    directory: server.directory,
    agree: true,
    contact: 'postmaster@example.test',
    externalAccount: '',
    externalKey: '',
    dnsHook: '',
    certificates: [['mail.example.test', 'mta-sts.example.test']],
    folder,
    ...options,
  };
  const open = (): Renewals => (renewals = ends.use(new Renewals(settings, { clock, log: silentLog })));
  return { clock, server, open };
}

async function kept(name: string): Promise<X509Certificate> {
  return new X509Certificate(splitPem(await readFile(join(folder, `${name}.pem`), 'utf8')).cert);
}

test('what is missing comes by itself, for all hosts, and is renewed after two thirds of its life', async () => {
  const { clock, server, open } = await world({ faults: ['badNonce'] });
  const renewals = open();
  let told = 0;
  renewals.onRenewed = () => Promise.resolve(void told++);
  expect(await renewals.sources[0]?.read()).toBeUndefined();
  renewals.start();
  await expect.poll(() => told).toBe(1);
  const first = await kept('mail.example.test');
  for (const host of ['mail.example.test', 'mta-sts.example.test']) expect(first.checkHost(host)).toBe(host);
  expect(await renewals.sources[0]?.read()).toMatchObject({ key: expect.stringContaining('PRIVATE KEY') });

  const dueAt = (await renewals.facts())[0]?.dueAt ?? 0;
  expect(Math.round((dueAt - first.validFromDate.getTime()) / DAY)).toBe(60);
  clock.setWall(dueAt - 11 * 60_000);
  await clock.advance(10 * 60_000);
  await expect.poll(() => clock.waiting).toBe(1);
  expect(server.issued).toBe(1);
  clock.setWall(dueAt);
  await clock.advance(10 * 60_000);
  await expect.poll(() => told).toBe(2);
  expect((await kept('mail.example.test')).serialNumber).not.toBe(first.serialNumber);
});

test('an account is made once, also over restarts; a new order says what it replaces', async () => {
  const window = { start: new Date(Date.now() + 5 * DAY), end: new Date(Date.now() + 6 * DAY) };
  const { server, open } = await world({ renewalWindow: window });
  expect(await open().renew()).toEqual([{ name: 'mail.example.test', problem: undefined }]);
  const key = await readFile(join(folder, 'account.pem'), 'utf8');
  const first = await kept('mail.example.test');
  const again = open();
  await again.renew('mail.example.test');
  expect(await readFile(join(folder, 'account.pem'), 'utf8')).toBe(key);
  expect(server.replaced).toEqual([renewalName(first)]);
  // Asked once more when the answer did not come in time.
  const dueAt = async () => {
    again.start();
    return (await again.facts())[0]?.dueAt;
  };
  await expect.poll(dueAt).toBeLessThan(window.end.getTime());
  expect((await again.facts())[0]?.dueAt).toBeGreaterThanOrEqual(window.start.getTime());
});

test('what fails is tried later and later, and as late as the server asks; a restart does not hurry it', async () => {
  const { clock, server, open } = await world({ faults: ['rateLimited', 'invalid', 'invalid'] });
  const renewals = open();
  const pauses: number[] = [];
  for (let i = 0; i < 3; i++) {
    const [{ problem } = {}] = await renewals.renew();
    expect(problem).toMatch(i === 0 ? /too many/ : /does not show the proof/);
    pauses.push(((await renewals.facts())[0]?.dueAt ?? 0) - clock.now());
  }
  expect(pauses).toEqual([7_200_000, 10 * 60_000, 20 * 60_000]);
  const again = open();
  again.start();
  await expect.poll(() => clock.waiting).toBe(1);
  expect(server.issued).toBe(0);
  expect((await again.facts())[0]).toMatchObject({ failures: 3, problem: expect.stringMatching(/does not show/) });
  expect(await again.renew()).toEqual([{ name: 'mail.example.test', problem: undefined }]);
  expect((await again.facts())[0]).toMatchObject({ failures: 0, problem: undefined });
});

test('a hook proves names by DNS, wildcards among them, and cleans up', async () => {
  const hook = join(folder, 'hook');
  const said = join(folder, 'said');
  await writeFile(hook, `#!/bin/sh\necho "$1 $2 $3" >> '${said}'\n`);
  await chmod(hook, 0o755);
  const lines = async () => (await readFile(said, 'utf8')).trim().split('\n');
  const records = async (name: string) => {
    const published = new Set<string>();
    for (const line of await lines()) {
      const [word, of, value = ''] = line.split(' ');
      if (of === name && word === 'add') published.add(value);
      else if (of === name) published.delete(value);
    }
    return [...published];
  };
  const { open } = await world({ records }, { certificates: [['*.example.test', 'example.test']], dnsHook: hook });
  expect(await open().renew()).toEqual([{ name: '_.example.test', problem: undefined }]);
  expect((await kept('_.example.test')).checkHost('any.example.test')).toBe('*.example.test');
  expect(await records('_acme-challenge.example.test')).toEqual([]);

  await writeFile(hook, '#!/bin/sh\necho no such zone >&2; exit 1\n');
  const [{ problem } = {}] = await open().renew();
  expect(problem).toContain('no such zone');
});

test('nothing is asked for without agreeing to the terms, and nothing over plain HTTP but on this machine', async () => {
  const { server, open } = await world({}, { agree: false });
  const [{ problem } = {}] = await open().renew();
  expect(problem).toContain(`${server.base}/terms`);
  expect(server.asked).not.toContain('account');
  const elsewhere = await world({}, { directory: 'http://acme.example.test/directory' });
  expect((await elsewhere.open().renew())[0]?.problem).toContain('https only');
});
