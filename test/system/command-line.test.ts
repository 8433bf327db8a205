/** The command line as an operator uses it: on a running service, and on its data when none runs. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STAGE_ORDER } from '../../src/intake/pipeline.ts';
import { ImapClient } from '../client/imap.ts';
import { rawMessages } from '../client/mailbox.ts';
import { pabal, Service } from '../service.ts';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'pabal-cli-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

const ZIP_NAMES =
  'import json, sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(json.dumps([z.testzip(), z.namelist()]))';

const MESSAGES = [
  'From: a@example.test\r\nSubject: one\r\n\r\nFrom here on\r\n>From there\r\n',
  'From: b@example.test\r\nSubject: two\r\n\r\nno newline at the end\r\n',
  'From: c@example.test\r\nSubject: =?utf-8?b?7ZWc6riA?=\r\n\r\n\ud55c\uae00\r\n\r\n\r\n',
];

describe('with a service that runs', () => {
  let service: Service;
  const cli = (args: string[], input = '') => pabal([...args, '--data', service.data], input);
  beforeAll(async () => {
    service = await Service.start({ sandbox: false });
  });
  afterAll(() => service[Symbol.asyncDispose]());

  it('the first run names the administrator and a link that works once', async () => {
    // It listens a moment before it has said so.
    await expect.poll(() => service.output).toContain('administrator admin@localhost');
    const link = /http:\S+\/sign-in\/\S+/.exec(service.output)?.[0] ?? '';
    expect((await fetch(link)).status).toBe(200);
    const set = (password: string) =>
      fetch(link, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(link).origin },
        body: new URLSearchParams({ password, again: password }),
      });
    expect((await set('my new password')).status).toBe(200);
    expect((await set('another password')).status).toBe(410);
    const signIn = await fetch(`http://${service.at('http')}/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ address: 'admin@localhost', password: 'my new password' }),
    });
    expect(signIn.status).toBe(200);
  });

  it('the control socket is for its owner alone', async () => {
    expect((await stat(join(service.data, 'run', 'control.sock'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(service.data, 'run'))).mode & 0o777).toBe(0o700);
  });

  it('domains and accounts come and go', async () => {
    expect(await cli(['domain', 'add', 'example.test'])).toMatchObject({ code: 0 });
    expect(await cli(['domain', 'add', 'example.test'])).toMatchObject({
      code: 1,
      stderr: 'pabal: the domain example.test exists already\n',
    });
    expect((await cli(['domain', 'add', 'not a domain'])).code).toBe(2);
    const shown = JSON.parse((await cli(['domain', 'show', 'example.test', '--json'])).stdout) as {
      records: { name: string; value: string }[];
    };
    const dkim = shown.records.filter(({ name }) => name.includes('._domainkey.'));
    expect(dkim.map(({ value }) => value.split(' p=')[0])).toEqual(['v=DKIM1; k=rsa;', 'v=DKIM1; k=ed25519;']);
    const logo = ['--set', 'outbound.brand_logo=https://brand.example/DOMAIN.svg'];
    expect((await cli(['domain', 'show', 'example.test', ...logo])).stdout).toMatch(
      /default\._bimi\.example\.test\. +TXT +v=BIMI1; l=https:\/\/brand\.example\/example\.test\.svg;/,
    );
    const rotated = await cli(['domain', 'rotate-dkim', 'example.test', '--now']);
    expect(rotated).toMatchObject({ code: 0, stdout: expect.stringContaining('sign from now on') });
    expect((await cli(['domain', 'show', 'example.test'])).stdout.match(/_domainkey/g)).toHaveLength(4);
    expect((await cli(['account', 'add', 'kim@example.test', '--password-stdin'], 'secret-word\n')).code).toBe(0);
    expect((await cli(['account', 'add', 'lee@example.test', '--quota', '5GB', '--json'])).stdout).toContain(
      '"quota": 5368709120',
    );
    expect((await cli(['account', 'add', 'kim@example.test'])).stderr).toBe(
      'pabal: the address kim@example.test is taken\n',
    );
    expect((await cli(['account', 'add', 'kim@nowhere.test'])).stderr).toContain('there is no domain nowhere.test');
    const list = JSON.parse((await cli(['account', 'list', '--json'])).stdout) as { address: string }[];
    expect(list.map(({ address }) => address)).toEqual(['kim@example.test', 'lee@example.test', 'admin@localhost']);
    expect((await cli(['domain', 'remove', 'example.test'])).code).toBe(1);
    expect((await cli(['account', 'suspend', 'lee@example.test'])).code).toBe(0);
    expect((await cli(['account', 'list', 'example.test'])).stdout).toMatch(/lee@example\.test +0 +suspended/);
    expect((await cli(['account', 'remove', 'lee@example.test'])).code).toBe(0);
    expect((await cli(['account', 'show', 'lee@example.test'])).stderr).toBe(
      'pabal: there is no account lee@example.test\n',
    );
  });

  it('everything about a person is a zip file that other programs read', async () => {
    const path = join(base, 'kim.zip');
    expect(await cli(['account', 'export-data', 'kim@example.test', path])).toMatchObject({ code: 0 });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const listed = execFileSync('python3', ['-c', ZIP_NAMES, path], { encoding: 'utf8' });
    expect(JSON.parse(listed)).toEqual([null, expect.arrayContaining(['README.txt', 'account.json', 'mail.json'])]);
    expect((await cli(['account', 'export-data', 'nobody@example.test', path])).code).toBe(1);
    expect((await readdir(base)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('what arriving mail goes through, in order', async () => {
    const stages = JSON.parse((await cli(['intake', 'stages', '--json'])).stdout) as { name: string }[];
    const names = stages.map(({ name }) => name);
    expect(names).toEqual(STAGE_ORDER.filter((name) => names.includes(name)));
    expect(names).toEqual(expect.arrayContaining(['loop', 'authentication', 'sieve', 'vacation', 'file', 'notify']));
    expect((await cli(['intake', 'stages'])).stdout).toMatch(/^file +delivery +account +tried again/m);
  });

  it('addresses to which nothing is sent are listed, added and removed', async () => {
    const kim = ['--account', 'kim@example.test'];
    const added = await cli(['suppression', 'add', 'X@far.test', '--note', 'asked to', '--days', '3', ...kim]);
    expect(added).toMatchObject({ code: 0, stdout: 'nothing more goes to x@far.test\n' });
    expect((await cli(['suppression', 'list', ...kim])).stdout).toMatch(/x@far\.test +manual .*asked to/);
    expect((await cli(['suppression', 'remove', 'x@far.test', ...kim])).code).toBe(0);
    // The list of everybody is another one.
    expect((await cli(['suppression', 'remove', 'x@far.test'])).code).toBe(1);
    expect((await cli(['suppression', 'list', '--json'])).stdout).toBe('[]\n');
  });

  it('who may send what, and how mail fares elsewhere', async () => {
    const kim = 'kim@example.test';
    const sending = async (...args: string[]) =>
      JSON.parse((await cli(['account', 'sending', kim, '--json', ...args])).stdout);
    expect(await sending()).toMatchObject({ address: kim, state: 'free', usual: 500, today: 0, score: 1 });
    expect(await sending('--suspend', 'a test')).toMatchObject({ state: 'suspended', reason: 'a test' });
    expect((await cli(['deliverability'])).stdout).toMatch(/ suspended .* a test/);
    expect(await sending('--usual', '9000')).toMatchObject({ state: 'free', usual: 9000 });
    const { blocked, sources } = JSON.parse((await cli(['deliverability', '--json'])).stdout);
    expect({ blocked, sources }).toEqual({ blocked: [], sources: [] });
    expect((await cli(['account', 'category', kim, 'marketing', 'personal'])).stdout).toContain('marketing, personal');
    expect(JSON.parse((await cli(['account', 'show', kim, '--json'])).stdout).categories).toEqual([
      'marketing',
      'personal',
    ]);
    expect((await cli(['account', 'category', kim])).stdout).toBe(`${kim} sends as everybody\n`);
  });

  it('senders whose mail nobody gets', async () => {
    expect((await cli(['reject', 'add', '*@Spam.test', '--action', 'junk'])).stdout).toMatch(/^\*@spam\.test +junk/m);
    expect((await cli(['reject', 'add', 'bad.test', '--domain', 'nowhere.test'])).code).toBe(1);
    expect((await cli(['reject', 'add', 'not a sender'])).code).toBe(1);
    expect((await cli(['reject', 'remove', '*@spam.test', '--json'])).stdout.trim()).toBe('[]');
  });

  it('wrong usage is exit code 2, help is 0', async () => {
    for (const args of [
      ['nonsense'],
      ['account'],
      ['account', 'add'],
      ['queue', 'list', 'nonsense'],
      ['serve', '--demo', '--sandbox'],
    ])
      expect((await cli(args)).code, args.join(' ')).toBe(2);
    for (const word of [
      'serve',
      'domain',
      'account',
      'queue',
      'suppression',
      'deliverability',
      'import',
      'export',
      'backup',
      'restore',
      'verify',
      'search',
      'doctor',
      'config',
    ])
      expect((await pabal([word, '--help'])).code, word).toBe(0);
  });

  it('what is imported from an mbox comes out byte for byte, and a second run adds nothing', async () => {
    const file = join(base, 'in.mbox');
    const entry = (raw: string) =>
      `From x Thu Jan  1 00:00:10 2026\n${raw.replaceAll('\r\n', '\n').replaceAll(/^(>*From )/gm, '>$1')}\n`;
    await writeFile(file, MESSAGES.map(entry).join(''));
    await writeFile(join(base, 'twice.mbox'), MESSAGES.slice(0, 1).map(entry).join('').repeat(2));
    expect((await cli(['import', 'kim@example.test', file])).stdout).toBe(
      '3 messages imported, 0 were there already\n',
    );
    expect((await cli(['import', 'kim@example.test', file])).stdout).toBe(
      '0 messages imported, 3 were there already\n',
    );
    expect(
      (await cli(['import', 'kim@example.test', join(base, 'twice.mbox'), '--folder', 'Old/\ubcf4\uad00'])).stdout,
    ).toContain('2 messages imported');
    const hashes = MESSAGES.map((raw) => createHash('sha256').update(raw).digest('hex'));
    const there = await rawMessages(service.at('imap'), 'kim@example.test', 'INBOX');
    expect(there.map(({ hash }) => hash).sort()).toEqual([...hashes].sort());
  });

  it('exports in every format come in again as they were (L5)', async () => {
    const client = await ImapClient.connect(service.at('imap'));
    await client.login('kim@example.test', 'secret-word');
    await client.ok('SELECT INBOX');
    await client.ok('STORE 1 +FLAGS (\\Seen \\Flagged $label1)');
    await client.logout();
    const before = await rawMessages(service.at('imap'), 'kim@example.test', 'INBOX');
    for (const format of ['mbox', 'maildir', 'eml']) {
      const out = join(base, `out-${format}`);
      expect((await cli(['export', 'kim@example.test', out, '--format', format])).stdout).toMatch(
        /^5 messages exported/,
      );
      expect((await cli(['export', 'kim@example.test', out, '--format', format])).code).toBe(0);
      const user = `from-${format}@example.test`;
      await cli(['account', 'add', user, '--password-stdin'], 'secret-word');
      const path = format === 'mbox' ? join(out, 'INBOX.mbox') : out;
      expect((await cli(['import', user, path])).stdout).toContain(
        format === 'mbox' ? '3 messages imported' : '5 messages imported',
      );
      const after = await rawMessages(service.at('imap'), user, 'INBOX');
      expect(after.map(({ hash }) => hash).sort()).toEqual(before.map(({ hash }) => hash).sort());
      const flagged = after.filter(({ flags }) => /\\Seen/.test(flags) && /\\Flagged/.test(flags));
      expect(flagged, format).toHaveLength(format === 'eml' ? 0 : 1);
    }
    expect((await readdir(join(base, 'out-maildir'))).filter((name) => name.startsWith('.'))).toEqual([
      '.Old.&vPStAA-',
    ]);
  });

  it('an import from what is no mail says so', async () => {
    await writeFile(join(base, 'no.mbox'), 'no mbox\n');
    expect((await cli(['import', 'kim@example.test', join(base, 'no.mbox'), '--format', 'mbox'])).stderr).toContain(
      'this is no mbox',
    );
    expect((await cli(['import', 'kim@example.test', join(base, 'absent')])).code).toBe(2);
    expect((await cli(['import', 'nobody@example.test', join(base, 'in.mbox')])).stderr).toContain(
      'there is no account nobody@example.test',
    );
  });

  it('doctor finds a service that listens', async () => {
    const { code, stdout } = await cli(['doctor']);
    expect(stdout).toMatch(/imap +ok +127\.0\.0\.1:\d+/);
    expect(stdout).toContain('in use by the service');
    expect(code).toBe(0);
  });

  it('SIGTERM ends it with 0 while clients are connected; then commands open the store themselves (A20)', async () => {
    const client = await ImapClient.connect(service.at('imap'));
    await client.login('kim@example.test', 'secret-word');
    expect(await service.stop()).toBe(0);
    // Told, not cut off after all patience.
    expect((await client.wire.rest()).toString()).toContain('* BYE');
    expect((await cli(['account', 'show', 'kim@example.test'])).stdout).toMatch(/messages +5/);
    expect((await cli(['verify'])).code).toBe(0);
    expect((await cli(['doctor'])).stdout).toContain('no service runs');
    expect((await readdir(join(service.data, 'run'))).includes('listen.json')).toBe(false);
  });
});
