import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { environmentName, keysOf } from './keys.ts';
import { loadConfig } from './load.ts';
import { locate } from './locate.ts';
import { configReference, printConfig } from './print.ts';
import { schema } from './schema.ts';
import { parseEndpoint, parseNextHop, parseSize } from './values.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pabal-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(text: string | Buffer): Promise<string> {
  const path = join(folder, 'pabal.toml');
  await writeFile(path, text);
  return path;
}

/** The message with which a file is refused, without its folder. */
async function refusal(text: string): Promise<string> {
  const error = await loadConfig({ file: await file(text) }).catch((e: unknown) => e as Error);
  return error instanceof Error ? error.message.replace(`${folder}/`, '') : 'accepted';
}

describe('the configuration', () => {
  it('is complete without a file', async () => {
    const { config, file: from } = await loadConfig({});
    expect(from).toBeUndefined();
    expect(config.listen.smtp).toEqual([{ host: '127.0.0.1', port: 2525 }]);
    expect(config.listen.lmtp).toEqual([]);
    expect(config.limits.message_size).toBe(50 * 1024 * 1024);
    expect(config.tls.allow_plaintext_login).toBe('loopback');
  });

  it('takes the command line before the environment before the mode before the file', async () => {
    const path = await file(
      'hostname = "file"\n[listen]\nsmtp = "off"\nimap = ["127.0.0.1:1", "[::1]:2"]\n[outbound]\nrelay = "a:1"\n',
    );
    const { config } = await loadConfig({
      file: path,
      mode: { hostname: 'mode', 'outbound.relay': 'mode:1' },
      environment: { PABAL_HOSTNAME: 'env', PABAL_LIMITS_RECIPIENTS: '7', HOME: '/' },
      set: [
        'hostname=set',
        'limits.loopback=true',
        'listen.pop3=127.0.0.1:0',
        'listen.http=["127.0.0.1:1","127.0.0.1:2"]',
      ],
    });
    expect(config.hostname).toBe('set');
    expect(config.outbound.relay).toEqual({ host: 'mode', port: 1, implicitTls: false });
    expect(config.limits.recipients).toBe(7);
    expect(config.limits.loopback).toBe(true);
    expect(config.listen.smtp).toEqual([]);
    expect(config.listen.imap).toEqual([
      { host: '127.0.0.1', port: 1 },
      { host: '::1', port: 2 },
    ]);
    expect(config.listen.pop3).toEqual([{ host: '127.0.0.1', port: 0 }]);
    expect(config.listen.http).toHaveLength(2);
  });

  it('refuses an unknown key with file, line and a suggestion', async () => {
    expect(await refusal('# x\n[listen]\nimap = "off"\nsmpt = "off"\n')).toBe(
      'pabal.toml:4: unknown key listen.smpt, did you mean listen.smtp?',
    );
    expect(await refusal('[nonsense.deep]\nx = 1\n')).toBe(
      'pabal.toml:2: unknown key nonsense.deep.x, see docs/configuration.md',
    );
  });

  it('refuses a value of the wrong kind with file, line and what was expected', async () => {
    expect(await refusal('[limits]\n\nrecipients = "many"\n')).toBe(
      'pabal.toml:3: limits.recipients: expected a whole number from 1 to 10000, got "many"',
    );
    expect(await refusal('[listen]\nsmtp = 25\n')).toBe(
      'pabal.toml:2: listen.smtp: expected "host:port", a list of them, or "off", got 25',
    );
    expect(await refusal('[listen]\nsmtp = ["127.0.0.1"]\n')).toContain('expected "host:port"');
    expect(await refusal('listen = 5\n')).toBe('pabal.toml:1: listen: expected a table, got 5');
    expect(await refusal('data = {}\n')).toContain('pabal.toml:1: data: expected a text');
    expect(await refusal('[limits]\nmessage_size = "50 bananas"\n')).toContain('expected a size such as "50MB"');
  });

  it('knows an address and a network when it sees one', async () => {
    for (const bad of ['', 'x', 'localhost', '10.0.0.0/33', '10.0.0.0/', '10.0.0/8', '::1/129', '10.0.0.0/8/8', '*'])
      expect(await refusal(`[listen]\nproxy_from = ["${bad}"]\n`)).toContain(
        'expected a list of addresses or networks',
      );
    expect(await refusal('[http]\ntrusted_proxies = ["fe80::/x"]\n')).toContain('expected a list of addresses');
    for (const bad of ['', 'dns.test', '256.0.0.1', '192.0.2.53:0', '192.0.2.53:65536', '[::1'])
      expect(await refusal(`[dns]\nservers = ["${bad}"]\n`)).toContain('expected a list of addresses such as');
    const good = '[listen]\nproxy_from = ["10.0.0.0/8", "::1", "fd00::/8", "192.0.2.1"]\n';
    expect(await refusal(`${good}[dns]\nservers = ["192.0.2.53", "192.0.2.53:5353", "[::1]:53", "::1"]\n`)).toBe(
      'accepted',
    );
  });

  it('refuses a file that is not UTF-8', async () => {
    await expect(loadConfig({ file: await file(Buffer.from('hostname = "caf\xe9"\n', 'latin1')) })).rejects.toThrow(
      'pabal.toml: is not UTF-8',
    );
  });

  it('refuses a broken file with its line', async () => {
    expect(await refusal('hostname = "x"\nlisten = [\n')).toMatch(/^pabal\.toml:\d+: not valid TOML: /);
    await expect(loadConfig({ file: join(folder, 'absent') })).rejects.toThrow(/absent: cannot be read \(ENOENT\)/);
  });

  it('refuses unknown names on the command line and in the environment', async () => {
    await expect(loadConfig({ set: ['listen.smpt=off'] })).rejects.toThrow('did you mean listen.smtp?');
    await expect(loadConfig({ set: ['listen'] })).rejects.toThrow('expected a key and a value');
    await expect(loadConfig({ environment: { PABAL_LISTEN_SMPT: 'off' } })).rejects.toThrow(
      'did you mean PABAL_LISTEN_SMTP?',
    );
    await expect(loadConfig({ set: ['limits.recipients=x'] })).rejects.toThrow(
      '--set limits.recipients: limits.recipients: expected a whole number from 1 to 10000, got "x"',
    );
  });

  it('prints a file that means the same', async () => {
    const { written, config } = await loadConfig({ set: ['listen.http=off', 'hostname=mail.example.test'] });
    expect((await loadConfig({ file: await file(printConfig(written)) })).config).toEqual(config);
  });

  it('has one environment variable for each key, and a sentence', () => {
    const keys = keysOf(schema);
    expect(new Set(keys.map((key) => environmentName(key.path))).size).toBe(keys.length);
    for (const key of keys) expect(key.about, key.path.join('.')).toMatch(/\.$/);
  });

  it('is documented as it is', async () => {
    expect(await readFile('docs/configuration.md', 'utf8')).toBe(configReference());
  });
});

describe('values', () => {
  it('reads sizes in steps of 1,024', () => {
    expect(['50MB', '512 KiB', '1000', '5gb', '0'].map(parseSize)).toEqual([
      52_428_800, 524_288, 1000, 5_368_709_120, 0,
    ]);
    expect(['', '-1', '1.5MB', 'MB', '99999999999999TB'].map(parseSize)).toEqual(Array(5).fill(undefined));
  });

  it('reads endpoints', () => {
    expect(parseEndpoint('[::1]:25')).toEqual({ host: '::1', port: 25 });
    expect(['25', 'a:b', '::1:25', 'a:70000', 'a b:1'].map(parseEndpoint)).toEqual(Array(5).fill(undefined));
  });

  it('finds lines of dotted and quoted keys', () => {
    const text = 'a.b = 1\n[x."y z"]\n# q = 1\n"q" = { r = 1 }\n';
    expect(locate(text, ['a', 'b'])).toBe(1);
    expect(locate(text, ['x', 'y z', 'q', 'r'])).toBe(4);
    expect(locate(text, ['nowhere'])).toBe(1);
  });
});

test('mail servers that the operator names', async () => {
  expect(parseNextHop('relay.test:587')).toEqual({ host: 'relay.test', port: 587, implicitTls: false });
  expect(parseNextHop('smtp://relay.test')).toEqual({ host: 'relay.test', port: 25, implicitTls: false });
  expect(parseNextHop('smtps://[::1]/')).toEqual({ host: '::1', port: 465, implicitTls: true });
  for (const wrong of [
    '',
    'relay',
    'http://a:1',
    'smtp://',
    'smtp://a:0',
    'smtp://a:65536',
    'smtp://a b',
    'smtp://u@h',
  ])
    expect([wrong, parseNextHop(wrong)]).toEqual([wrong, undefined]);
  const path = await file('[outbound.routes]\n"Example.test" = "smtp://10.0.0.5:2525"\n"*" = "smtps://out.test"\n');
  const { config } = await loadConfig({ file: path });
  expect([...config.outbound.routes]).toEqual([
    ['example.test', { host: '10.0.0.5', port: 2525, implicitTls: false }],
    ['*', { host: 'out.test', port: 465, implicitTls: true }],
  ]);
  const set = await loadConfig({ set: ['outbound.routes={"a.test" = "smtp://b.test"}'] });
  expect(set.config.outbound.routes.get('a.test')?.port).toBe(25);
  await expect(loadConfig({ set: ['outbound.routes={"a.test" = "nowhere"}'] })).rejects.toThrow(
    'outbound.routes: expected a table',
  );
  await expect(loadConfig({ set: ['outbound.relay=nowhere'] })).rejects.toThrow('outbound.relay: expected "host:port"');
});
