/** ManageSieve as it goes over the wire (RFC 5804). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WireClient } from '../../../test/client/wire.ts';
import { memoryBackend } from '../../../test/support/backend.ts';
import { runTranscript } from '../../../test/transcript/run.ts';
import { SieveScripts } from '../../intake/sieve/scripts.ts';
import { REGISTRY } from '../../mail/sieve/extensions.ts';
import { SIEVE_LIMITS } from '../../mail/sieve/limits.ts';
import { selfSignedCertificate } from '../../net/certificate.ts';
import { Network } from '../../net/network.ts';
import type { KeyPair } from '../../net/tls.ts';
import { TlsIdentity } from '../../net/tls.ts';
import { silentLog } from '../../telemetry/log.ts';
import { MANAGESIEVE_LIMITS } from './limits.ts';
import { manageSieve } from './protocol.ts';

let pair: KeyPair;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pabal-managesieve-'));
  pair = await selfSignedCertificate(folder, ['localhost']);
});
afterAll(() => rm(folder, { recursive: true }));

let backend: Awaited<ReturnType<typeof memoryBackend>>;
let scripts: SieveScripts;
let network: Network;
let at: { readonly plain: string; readonly strict: string };

beforeEach(async () => {
  backend = await memoryBackend();
  scripts = new SieveScripts(backend.clock);
  network = new Network({ log: silentLog, metrics: backend.metrics, clock: backend.clock });
  const addresses = [{ host: '127.0.0.1', port: 0 }];
  const listen = async (allowPlaintextLogin: 'loopback' | 'never'): Promise<string> => {
    const protocol = manageSieve({ ...backend, scripts, tls: new TlsIdentity(pair), allowPlaintextLogin });
    return (await network.listen({ protocol, addresses })).addresses[0] ?? '';
  };
  at = { plain: await listen('loopback'), strict: await listen('never') };
});
afterEach(async () => {
  await network.close(0);
  // Nothing outlives its session.
  expect(backend.handles.open).toBe(0);
});

const run = (script: string): Promise<void> => runTranscript(script, () => WireClient.connect(at.plain));
const plain = (user: string, password = 'secret password'): string =>
  Buffer.from(`\0${user}@example.test\0${password}`).toString('base64');
const SIGN_IN = `
  A< ...
  A< OK "Pabal ManageSieve at your service"
  A> AUTHENTICATE "PLAIN" "${plain('alice')}"
  A< OK "Welcome"
`;

describe('before sign-in', () => {
  test('the greeting tells the capabilities, SIEVE all extensions there are', async () => {
    await run(`
      A< "IMPLEMENTATION" "Pabal"
      A< "SIEVE" "${[...REGISTRY.capabilities].join(' ')}"
      A< "EXTLISTS" "urn tag"
      A< "NOTIFY" "mailto"
      A< "MAXREDIRECTS" "5"
      A< "SASL" "SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN"
      A< "STARTTLS"
      A< "UNAUTHENTICATE"
      A< "VERSION" "1.0"
      A< OK "Pabal ManageSieve at your service"
      A> capability
      A< "IMPLEMENTATION" "Pabal"
      A< ...
      A< OK "That is all"
      A> NOOP
      A< OK "Done"
      A> NOOP "a\\"b"
      A< OK (TAG "a\\"b") "Done"
      A> LOGOUT
      A< OK "Good-bye"
      A<|
    `);
  });

  test('only what needs no user works', async () => {
    await run(`
      A< ...
      A< OK "Pabal ManageSieve at your service"
      A> LISTSCRIPTS
      A< NO "Sign in first"
      A> FLY
      A< NO "There is no such command"
      A> NOOP 7
      A< NO "NOOP does not take that"
      A> "x"
      A< NO "A command begins with its name"
    `);
  });

  test('a password is asked for in several ways, and one failure looks like another', async () => {
    const encoded = plain('alice');
    await run(`
      A< ...
      A< OK "Pabal ManageSieve at your service"
      A> AUTHENTICATE "LOGIN"
      A< NO "That mechanism is not offered"
      A> AUTHENTICATE "PLAIN" "${plain('alice', 'wrong')}"
      A< NO "The address or the password is wrong"
      A> AUTHENTICATE "PLAIN" "${plain('nobody')}"
      A< NO "The address or the password is wrong"
      A> AUTHENTICATE "PLAIN"
      A< ""
      A> "*"
      A< NO "Cancelled"
      A> AUTHENTICATE "PLAIN"
      A< ""
      A> not a string
      A< NO "That is not what the mechanism says"
      A> AUTHENTICATE "plain"
      A< ""
      A> {${encoded.length}+}
      A> ${encoded}
      A< OK "Welcome"
      A> AUTHENTICATE "PLAIN" "${encoded}"
      A< NO "You are signed in already"
      A> UNAUTHENTICATE
      A< OK "Nobody is signed in"
      A> LISTSCRIPTS
      A< NO "Sign in first"
      A> AUTHENTICATE "PLAIN" {${encoded.length}+}
      A> ${encoded}
      A< OK "Welcome"
    `);
  });

  test('after five failures nobody is heard any more', async () => {
    const wrong = `A> AUTHENTICATE "PLAIN" "${plain('nobody')}"\nA< NO "The address or the password is wrong"\n`;
    await run(
      `A< ...\nA< OK "Pabal ManageSieve at your service"\n${wrong.repeat(5)}A< BYE "Too many failed attempts"\nA<|`,
    );
  });

  test('STARTTLS forgets what came before, and passwords wait for it where that is asked for', async () => {
    await using client = await WireClient.connect(at.strict);
    const until = async (last: string): Promise<string[]> => {
      const lines: string[] = [];
      do lines.push(await client.line());
      while (!lines.at(-1)!.startsWith(last));
      return lines;
    };
    expect(await until('OK')).toContain('"SASL" ""');
    await client.write(`AUTHENTICATE "PLAIN" "${plain('alice')}"\r\n`);
    expect(await client.line()).toBe('NO (ENCRYPT-NEEDED) "Sign in over TLS: say STARTTLS first"');
    await client.write('STARTTLS\r\nNOOP "smuggled"\r\n');
    expect(await client.line()).toBe('OK "Begin TLS"');
    await client.startTls();
    const capabilities = await until('OK');
    expect(capabilities.at(-1)).toBe('OK "TLS is on"');
    expect(capabilities).toContain('"SASL" "SCRAM-SHA-256-PLUS SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN"');
    expect(capabilities).not.toContain('"STARTTLS"');
    await client.write(`AUTHENTICATE "PLAIN" "${plain('alice')}"\r\n`);
    expect(await client.line()).toBe('OK "Welcome"');
    await client.write('STARTTLS\r\n');
    expect(await client.line()).toBe('NO "You are signed in already"');
  });
});

test('a session as Thunderbird’s Sieve add-on has it: what it does not wait for goes out together', async () => {
  await using client = await WireClient.connect(at.strict);
  const answers = async (count: number): Promise<string[]> => {
    const lines: string[] = [];
    for (let left = count; left > 0; ) {
      const line = Buffer.from(await client.line(), 'latin1').toString();
      lines.push(line);
      if (/^(OK|NO|BYE)\b/.test(line)) left--;
    }
    return lines;
  };
  const says = async (...commands: string[]): Promise<string[]> => {
    await client.write(commands.map((one) => `${one}\r\n`).join(''));
    return answers(commands.length);
  };
  expect(await answers(1)).toContain('"STARTTLS"');
  await says('STARTTLS');
  await client.startTls();
  // It signs in without a look at the capabilities that come again.
  await client.write(`AUTHENTICATE "PLAIN" "${plain('alice')}"\r\nCAPABILITY\r\n`);
  const [first, second, third] = [await answers(1), await answers(1), await answers(1)];
  expect([first.at(-1), second.at(-1), third.at(-1)]).toEqual(['OK "TLS is on"', 'OK "Welcome"', expect.any(String)]);
  expect(third).toContain('"SASL" "SCRAM-SHA-256-PLUS SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN"');
  const script = 'require "fileinto";\r\nif header :contains "Subject" "회의" { fileinto "Work"; }\r\n';
  const literal = `{${Buffer.byteLength(script)}+}\r\n${script}`;
  expect(
    await says('LISTSCRIPTS', `CHECKSCRIPT ${literal}`, `PUTSCRIPT "mail" ${literal}`, 'SETACTIVE "mail"'),
  ).toEqual(expect.not.arrayContaining([expect.stringMatching(/^NO/)]));
  expect(await says('GETSCRIPT "mail"', 'LISTSCRIPTS')).toEqual([
    `{${Buffer.byteLength(script)}}`,
    ...script.split('\r\n').slice(0, -1),
    '',
    expect.stringMatching(/^OK/),
    '"mail" ACTIVE',
    expect.stringMatching(/^OK/),
  ]);
  expect((await says('NOOP', 'PUTSCRIPT "mail" {6+}\r\nfly;\r\n', 'NOOP')).map((line) => line.slice(0, 2))).toContain(
    'NO',
  );
  expect(
    (await says('SETACTIVE ""', 'RENAMESCRIPT "mail" "old"', 'DELETESCRIPT "old"', 'LISTSCRIPTS', 'LOGOUT')).at(-1),
  ).toMatch(/^OK/);
});

describe('scripts', () => {
  test('are put, listed, activated, read, renamed and deleted', async () => {
    await run(`${SIGN_IN}
      A> LISTSCRIPTS
      A< OK "These are all"
      A> HAVESPACE "mail" 1000
      A< OK "There is room"
      A> PUTSCRIPT "mail" "keep;"
      A< OK "It is stored"
      A> PUTSCRIPT {4+}
      A> away {14+}
      A>| discard;\\r\\nstop\\r\\n
      A< NO "line 2, column 5: expected ';' or '{' after 'stop', but here is the end of the script"
      A> PUTSCRIPT {4+}
      A> away {15+}
      A>| discard;\\r\\nstop;\\r\\n
      A< OK "It is stored"
      A> SETACTIVE "away"
      A< OK "It is active"
      A> LISTSCRIPTS
      A< "mail"
      A< "away" ACTIVE
      A< OK "These are all"
      A> GETSCRIPT "away"
      A< {15}
      A< discard;
      A< stop;
      A< OK "That is it"
      A> DELETESCRIPT "away"
      A< NO (ACTIVE) "The active script cannot be deleted"
      A> RENAMESCRIPT "away" "mail"
      A< NO (ALREADYEXISTS) "There is a script of that name"
      A> RENAMESCRIPT "away" "휴가"
      A< OK "It has its new name"
      A> SETACTIVE ""
      A< OK "No script is active"
      A> DELETESCRIPT "휴가"
      A< OK "It is gone"
      A> GETSCRIPT "휴가"
      A< NO (NONEXISTENT) "There is no such script"
      A> SETACTIVE "away"
      A< NO (NONEXISTENT) "There is no such script"
      A> LISTSCRIPTS
      A< "mail"
      A< OK "These are all"
    `);
  });

  test('are checked without being stored; several mistakes are told', async () => {
    await run(
      `${SIGN_IN}
      A> CHECKSCRIPT "keep;"
      A< OK "The script is valid"
      A> CHECKSCRIPT {10+}
      A>| fly;\\r\\nswim\\r\\n
      A< NO "line 2, column 5: expected ';' or '{' after 'swim', but here is the end of the script"
      A> CHECKSCRIPT {11+}
      A>| fly;\\r\\nswim;\\r\\n
      A< /^NO \\{\\d+\\}$/
      A< line 1, column 1: there is no command 'fly'
      A< line 2, column 1: there is no command 'swim'
      A> PUTSCRIPT "" "keep;"
      A< NO "That cannot be the name of a script"
      A> LISTSCRIPTS
      A< OK "These are all"
    `,
    );
  });

  test('that are too large are read over, and refused', async () => {
    await using client = await WireClient.connect(at.plain);
    const answer = async (): Promise<string> => {
      for (;;) {
        const line = await client.line();
        if (/^(OK|NO|BYE)/.test(line)) return line;
      }
    };
    await answer();
    await client.write(`AUTHENTICATE "PLAIN" "${plain('alice')}"\r\n`);
    expect(await answer()).toBe('OK "Welcome"');
    const megabyte = 1 << 20;
    await client.write(`PUTSCRIPT "large" {${megabyte}+}\r\n${'#'.repeat(megabyte)}\r\n`);
    expect(await answer()).toBe('NO (QUOTA/MAXSIZE) "The string is too large"');
    await client.write(`HAVESPACE "large" ${SIEVE_LIMITS.scriptBytes + 1}\r\n`);
    expect(await answer()).toBe('NO (QUOTA/MAXSIZE) "The script is too large"');
    await client.write('NOOP\r\n');
    expect(await answer()).toBe('OK "Done"');
    await client.write(`PUTSCRIPT "larger" {${MANAGESIEVE_LIMITS.skipped + 1}+}\r\n`);
    expect(await answer()).toMatch(/^BYE/);
  });

  test('belong to their owner alone', async () => {
    await run(`${SIGN_IN}
      A> PUTSCRIPT "mine" "keep;"
      A< OK "It is stored"
      A> UNAUTHENTICATE
      A< OK "Nobody is signed in"
      A> AUTHENTICATE "PLAIN" "${plain('bob')}"
      A< OK "Welcome"
      A> LISTSCRIPTS
      A< OK "These are all"
      A> GETSCRIPT "mine"
      A< NO (NONEXISTENT) "There is no such script"
    `);
  });
});

describe('what is no command', () => {
  test.each([
    ['NOOP"x"', 'A space stands between arguments'],
    ['NOOP "x', 'A string does not end'],
    ['NOOP x', 'Arguments are strings and numbers'],
    ['NOOP "a""b"', 'A space stands between arguments'],
    ['NOOP {3}', 'Arguments are strings and numbers'],
    ['NOOP "\xff"', 'That is not a string'],
    [`NOOP ${'"a" '.repeat(9)}`, 'There are too many arguments'],
  ])('%j is refused, and what follows is read', async (line, why) => {
    await using client = await WireClient.connect(at.plain);
    while (!(await client.line()).startsWith('OK'));
    await client.write(Buffer.from(`${line}\r\nNOOP\r\n`, 'latin1'));
    expect(await client.line()).toBe(`NO "${why}"`);
    expect(await client.line()).toBe('OK "Done"');
  });

  test('twenty of them are enough', async () => {
    await run(
      `A< ...\nA< OK "Pabal ManageSieve at your service"\n${'A> FLY\nA< NO "There is no such command"\n'.repeat(20)}A< BYE "Too many mistakes"\nA<|`,
    ); // prettier-ignore
  });
});
