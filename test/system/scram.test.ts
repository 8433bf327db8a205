/** SCRAM with clients that nobody here wrote: GNU SASL and Cyrus SASL (under mbsync), against the whole service. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostAndPort, WireClient } from '../client/wire.ts';
import { Service } from '../service.ts';
import { ScramClient } from '../support/scram-client.ts';
import { PATIENCE_MS } from '../support/until.ts';

let service: Service;
let folder: string;
beforeAll(async () => {
  service = await Service.start();
  folder = await mkdtemp(join(tmpdir(), 'pabal-scram-'));
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function run(name: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const env = { ...process.env, HOME: folder };
    const child = execFile(name, args, { env, timeout: PATIENCE_MS }, (error, stdout, stderr) =>
      resolve(`${stdout}${stderr}${error === null ? 'exit 0' : `exit ${error.code}`}`),
    );
    child.stdin?.end();
  });
}

function gsasl(protocol: 'imap' | 'smtp', port: 'imap' | 'submission', args: readonly string[]): Promise<string> {
  const at = hostAndPort(service.at(port));
  const ca = join(service.data, 'tls', 'self-signed.pem');
  return run('gsasl', [
    `--${protocol}`,
    '-a',
    'you@mail.test',
    ...args,
    `--x509-ca-file=${ca}`,
    '--connect',
    `${at.host}:${at.port}`,
  ]);
}

test.each([
  ['imap', 'imap', 'SCRAM-SHA-256', ['--no-starttls']],
  ['imap', 'imap', 'SCRAM-SHA-256', ['--starttls', '--no-cb']],
  ['imap', 'imap', 'SCRAM-SHA-256-PLUS', ['--starttls']],
  ['smtp', 'submission', 'SCRAM-SHA-256', ['--no-starttls']],
] as const)('gsasl over %s at %s by %s %j', async (protocol, port, mechanism, tls) => {
  const say = (password: string) => gsasl(protocol, port, ['-p', password, '-m', mechanism, ...tls]);
  expect(await say('pass')).toMatch(/server trusted[^]*exit 0$/);
  expect(await say('wrong')).not.toMatch(/exit 0$/);
});

test('mbsync, by Cyrus SASL', async () => {
  const { host, port } = hostAndPort(service.at('imap'));
  const file = join(folder, 'mbsyncrc');
  const account = `IMAPAccount pabal\nHost ${host}\nPort ${port}\nUser sync@mail.test\nPass pass\nSSLType None\nAuthMechs SCRAM-SHA-256\n\n`;
  const rest =
    `IMAPStore remote\nAccount pabal\n\nMaildirStore local\nPath ${folder}/mail/\nInbox ${folder}/mail/Inbox\n\n` +
    'Channel all\nFar :remote:\nNear :local:\nPatterns INBOX\nCreate Near\nSyncState *\n';
  await mkdir(join(folder, 'mail'));
  await writeFile(file, account + rest);
  expect(await run('mbsync', ['-c', file, '-l', 'all'])).toMatch(/INBOX[^]*exit 0$/);
});

const quoted = (text: string): string => `"${text}"`;
const same = (text: string): string => text;
/** How each protocol says it: the command, a line of the client's, what success and refusals look like. */
const PROTOCOLS = [
  ['imap', /^\* OK/, (first: string) => `a AUTHENTICATE SCRAM-SHA-256 ${first}`, same, /^\+ (.+)$/, /^a OK /],
  ['pop3', /^\+OK/, (first: string) => `AUTH SCRAM-SHA-256 ${first}`, same, /^\+ (.+)$/, /^\+OK /],
  ['submission', /^220 /, (first: string) => `AUTH SCRAM-SHA-256 ${first}`, same, /^334 (.+)$/, /^235 /],
  [
    'managesieve',
    /^OK /,
    (first: string) => `AUTHENTICATE "SCRAM-SHA-256" "${first}"`,
    quoted,
    /^"(.+)"$/,
    /^OK \(SASL "(.+)"\)/,
  ],
] as const;
const REFUSALS = {
  imap: [/^a NO .AUTHENTICATIONFAILED/, /^a BAD malformed/, /^a NO .AUTHENTICATIONFAILED/, /^a BAD .*cancelled/],
  pop3: [/^-ERR .AUTH. /, /^-ERR That is not/, /^-ERR The channel/, /^-ERR Cancelled/],
  submission: [/^535 5.7.8 /, /^501 5.5.2 /, /^535 5.7.8 /, /^501 5.7.0 /],
  managesieve: [/^NO "The address/, /^NO "That is not/, /^NO "The channel/, /^NO "Cancelled/],
};

test.each(PROTOCOLS)('over %s, line by line', async (name, greeting, begin, line, challenge, success) => {
  await using wire = await WireClient.connect(service.at(name));
  const next = async (wanted: RegExp): Promise<string> => {
    const match = wanted.exec(await wire.line());
    expect(match, `${wanted}`).not.toBeNull();
    return match?.[1] ?? '';
  };
  let greeted = await wire.line();
  while (!greeting.test(greeted)) greeted = await wire.line();
  if (name === 'submission') {
    await wire.write('EHLO client.test\r\n');
    while (!(await wire.line()).startsWith('250 '));
  }
  const user = 'line@mail.test';
  const [wrongProof, wrongNonce, wrongBinding, cancelled] = REFUSALS[name];
  for (const [answer, refusal] of [
    [(c: string) => new ScramClient(user, 'wrong').final(c), wrongProof],
    [(c: string) => new ScramClient(user, 'pass').final(c, (m) => m.replace('r=', 'r=x')), wrongNonce],
    [(c: string) => new ScramClient(user, 'pass').final(c, (m) => m.replace('c=biws', 'c=eSws')), wrongBinding],
    [() => '*', cancelled],
  ] as const) {
    await wire.write(`${begin(new ScramClient(user, 'pass').first)}\r\n`);
    await wire.write(`${line(answer(await next(challenge)))}\r\n`);
    await next(refusal as RegExp);
  }
  await wire.write(`${begin('bm90aGluZw==')}\r\n`);
  await next(wrongNonce as RegExp);
  const client = new ScramClient(user, 'pass');
  await wire.write(`${begin(client.first)}\r\n`);
  await wire.write(`${line(client.final(await next(challenge)))}\r\n`);
  if (name === 'managesieve') expect(await next(success)).toBe(client.expected);
  else {
    expect(await next(challenge)).toBe(client.expected);
    await wire.write('\r\n');
    await next(success);
  }
});
