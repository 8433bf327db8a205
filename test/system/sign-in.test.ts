/** What opens an account, tried with mail programs that nobody here wrote, on the real service. */
import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImapClient } from '../client/imap.ts';
import { pabal, Service } from '../service.ts';
import { until } from '../support/until.ts';
import { installed, run } from './run.ts';

const KIM = 'kim@example.test';
const PASSWORD = 'secret-word';
/** In everybody's lists. */
const STOLEN = 'hunter22';

let service: Service;
let folder: string;
const cli = async (args: string[], input = '') => {
  const { code, stdout, stderr } = await pabal([...args, '--data', service.data], input);
  expect(code, stderr).toBe(0);
  return stdout;
};
beforeAll(async () => {
  // This machine counts as any other, and may err as often as it likes.
  const limits = { 'limits.loopback': 'true', 'limits.sign_in_failures': '1000' };
  folder = await mkdtemp(join(tmpdir(), 'pabal-sign-in-'));
  const list = join(folder, 'breached');
  await writeFile(list, `${hash('sha1', STOLEN, 'hex').toUpperCase()}:17043\r\n`);
  service = await Service.start({ sandbox: false, set: { ...limits, 'limits.breached_passwords': list } });
  await cli(['domain', 'add', 'example.test']);
  await cli(['account', 'add', KIM, '--password-stdin'], `${PASSWORD}\n`);
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** What curl says of a sign-in: 0 it is in, 67 refused. */
const curl = async (scheme: 'imap' | 'pop3', password: string) =>
  (await run('curl', ['-s', `${scheme}://${service.at(scheme)}/`, '-u', `${KIM}:${password}`])).code;
/** What swaks says: 0 it is in, 28 refused. */
const swaks = async (password: string) => {
  const [host = '', port = ''] = service.at('submission').split(':');
  const as = ['--auth', 'PLAIN', '--auth-user', KIM, '--auth-password', password, '--quit-after', 'AUTH'];
  return (await run('swaks', ['--server', host, '--port', port, ...as])).code;
};

/** The code that it shows now, with a key as people type it. */
const oathtool = async (key: string) => (await run('oathtool', ['--totp', '--base32', key])).stdout.toString().trim();

describe.runIf(['curl', 'swaks', 'oathtool'].every(installed))('an application password', () => {
  test('opens what it is for, says when it was used, and is taken back by the operator', async () => {
    const all = (await cli(['account', 'app-password', KIM, '--add', 'Laptop'])).trim();
    const reading = (await cli(['account', 'app-password', KIM, '--add', 'Phone', '--for', 'imap'])).trim();
    expect([await curl('imap', all), await curl('pop3', all), await swaks(all)]).toEqual([0, 0, 0]);
    expect([await curl('imap', reading), await curl('pop3', reading), await swaks(reading)]).toEqual([0, 67, 28]);
    const listed = JSON.parse(await cli(['account', 'app-password', KIM, '--json'])) as {
      id: string;
      name: string;
      lastUse: { protocol: string };
    }[];
    expect(Object.fromEntries(listed.map(({ name, lastUse }) => [name, lastUse.protocol]))).toEqual({
      Laptop: 'imap',
      Phone: 'imap',
    });
    expect(await cli(['account', 'app-password', KIM])).toContain('imap, pop3, send, sieve');
    const laptop = listed.find(({ name }) => name === 'Laptop')?.id ?? '';
    await cli(['account', 'app-password', KIM, `--revoke=${laptop}`]);
    expect([await curl('imap', all), await curl('imap', reading), await curl('imap', PASSWORD)]).toEqual([67, 0, 0]);
  });

  test('is what is left to mail programs where the second step is on, until the operator ends it', async () => {
    const url = `http://${service.at('http')}/v1`;
    const send = async (method: string, path: string, body: object, token = '') => {
      const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
      const answer = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) });
      return (await answer.json()) as Record<string, string>;
    };
    const who = { address: KIM, password: PASSWORD };
    const { token = '' } = await send('POST', '/session', who);
    const { secret = '' } = await send('POST', '/second-step', { current: PASSWORD }, token);
    // A code that came too late, on a slow machine, is followed by another one.
    while ((await send('PUT', '/second-step', { code: await oathtool(secret) }, token))['code'] !== undefined);
    expect((await send('POST', '/session', who))['code']).toBe('code-required');
    const app = (await cli(['account', 'app-password', KIM, '--add', 'Phone', '--for', 'imap'])).trim();
    expect([await curl('imap', PASSWORD), await swaks(PASSWORD), await curl('imap', app)]).toEqual([67, 28, 0]);
    expect(await cli(['account', 'second-step', KIM])).toContain('10 recovery codes are left');
    await cli(['account', 'second-step', KIM, '--off']);
    expect(await curl('imap', PASSWORD)).toBe(0);
    expect(await send('POST', '/session', who)).toHaveProperty('token');
  });

  test('from a network that was not used before is told in INBOX, and listed with what was tried there', async () => {
    const elsewhere = (password: string) =>
      run('curl', ['-s', '--interface', '127.0.9.1', `imap://${service.at('imap')}/`, '-u', `${KIM}:${password}`]);
    expect((await elsewhere('wrong')).code).toBe(67);
    expect((await elsewhere(PASSWORD)).code).toBe(0);
    await using imap = await ImapClient.connect(service.at('imap'));
    await imap.login(KIM, PASSWORD);
    await until('the owner is told', async () => (await imap.count('INBOX')) > 0 || undefined);
    await imap.ok('EXAMINE INBOX');
    const { untagged } = await imap.ok('FETCH 1 BODY.PEEK[TEXT]');
    expect(Buffer.concat(untagged.flatMap(({ literals }) => literals)).toString()).toContain('127.0.9.1');
    const networks = await until('the failure is written', async () => {
      const all = JSON.parse(await cli(['account', 'sign-ins', KIM, '--json'])) as {
        network: string;
        failures: number;
      }[];
      return all.some(({ failures, network }) => failures === 1 && network === '127.0.9.0/24') ? all : undefined;
    });
    expect(networks.map(({ network }) => network).sort()).toEqual(['127.0.0.0/24', '127.0.9.0/24']);
    expect(await cli(['account', 'sign-ins', KIM])).toContain('127.0.9.0/24');
  });

  test('is made for what there is only', async () => {
    const { code, stderr } = await pabal([
      'account',
      'app-password',
      KIM,
      '--add',
      'x',
      '--for',
      'imap,http',
      '--data',
      service.data,
    ]); // prettier-ignore
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('"http" is none of imap, pop3') });
  });
});

test('a stolen password is chosen neither by the operator nor by a link, which is not used up by it', async () => {
  const { code, stderr } = await pabal(
    ['account', 'add', 'lee@example.test', '--password-stdin', '--data', service.data],
    STOLEN,
  );
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('breached') });
  const link = /http:\S+/.exec(await cli(['account', 'add', 'lee@example.test']))?.[0] ?? '';
  const set = async (password: string) => {
    const body = new URLSearchParams({ password, again: password });
    return (await fetch(link, { method: 'POST', headers: { origin: new URL(link).origin }, body })).status;
  };
  expect([await set(STOLEN), await set('another word')]).toEqual([400, 200]);
});
