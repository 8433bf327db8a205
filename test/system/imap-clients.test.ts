/** Mail programs that nobody here wrote, against the whole service. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImapClient } from '../client/imap.ts';
import { hostAndPort } from '../client/wire.ts';
import { Service } from '../service.ts';
import { Terminal } from '../support/terminal.ts';
import { PATIENCE_MS, until } from '../support/until.ts';

let service: Service;
let folder: string;
beforeAll(async () => {
  service = await Service.start();
  folder = await mkdtemp(join(tmpdir(), 'pabal-clients-'));
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

interface Ended {
  readonly code: number;
  readonly output: string;
}

function program(name: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      name,
      args,
      { env: { ...process.env, HOME: folder, ...env }, timeout: PATIENCE_MS },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, output: `${stdout}${stderr}` });
      },
    );
  });
}

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const message = (n: number): string =>
  `From: Sender <s@mail.test>\r\nTo: you@mail.test\r\nSubject: =?utf-8?B?${Buffer.from(`편지 ${n}`).toString('base64')}?=\r\n` +
  `Date: Mon, 2 Mar 2026 09:00:0${n % 10} +0900\r\nMessage-ID: <m${n}@mail.test>\r\n\r\nmail ${n}\r\n${'x'.repeat(n * 500)}\r\n`;

async function fill(user: string, mailbox: string, numbers: readonly number[]): Promise<void> {
  const client = await ImapClient.connect(service.at('imap'));
  await client.login(user, 'pass');
  for (const n of numbers) await client.ok(`APPEND "${mailbox}" `, Buffer.from(message(n)));
  await client.logout();
}

async function all(user: string, mailbox: string): Promise<Map<string, string>> {
  const client = await ImapClient.connect(service.at('imap'));
  await client.login(user, 'pass');
  const found = new Map<string, string>();
  for await (const { raw, flags } of client.messages(mailbox))
    found.set(/Message-ID: (\S+)/i.exec(raw.toString())?.[1] ?? sha(raw), flags);
  await client.logout();
  return found;
}

describe('mbsync', () => {
  const user = 'sync@mail.test';
  const maildir = () => join(folder, 'maildir');
  const run = async (): Promise<string> => {
    const { code, output } = await program('mbsync', ['-c', join(folder, 'mbsyncrc'), '-V', '-a']);
    expect(output + code).toMatch(/0$/);
    return output;
  };

  test('both sides end equal, and a second run moves nothing', async () => {
    const { host, port } = hostAndPort(service.at('imap'));
    await writeFile(
      join(folder, 'mbsyncrc'),
      `IMAPAccount pabal\nHost ${host}\nPort ${port}\nUser ${user}\nPass pass\nSSLType None\nAuthMechs PLAIN\n\n` +
        `IMAPStore remote\nAccount pabal\n\nMaildirStore local\nPath ${maildir()}/\nInbox ${maildir()}/Inbox\nSubFolders Verbatim\n\n` +
        'Channel all\nFar :remote:\nNear :local:\nPatterns *\nCreate Both\nExpunge Both\nSyncState *\n',
    );
    await mkdir(maildir());
    await fill(user, 'INBOX', [1, 2, 3, 4, 5]);
    await fill(user, 'Archive', [6, 7]);
    await run();
    const inbox = join(maildir(), 'Inbox');
    expect(await readdir(join(inbox, 'new'))).toHaveLength(5);
    // Something new here, something read and something deleted there.
    await writeFile(join(inbox, 'new', '1.local'), message(8).replaceAll('\r\n', '\n'));
    const client = await ImapClient.connect(service.at('imap'));
    await client.login(user, 'pass');
    await client.ok('CREATE "새 폴더"'.replace('새 폴더', '&wsg- &1PSzVA-'));
    await client.ok('SELECT INBOX');
    await client.ok('STORE 1 +FLAGS (\\Seen \\Flagged)');
    await client.ok('STORE 2 +FLAGS (\\Deleted)');
    await client.ok('EXPUNGE');
    await client.logout();
    await run();
    const names = [...(await readdir(join(inbox, 'new'))), ...(await readdir(join(inbox, 'cur')))];
    expect(names).toHaveLength(5);
    expect(names.filter((name) => name.endsWith(':2,FS'))).toHaveLength(1);
    const there = await all(user, 'INBOX');
    expect([...there.keys()].sort()).toEqual([1, 3, 4, 5, 8].map((n) => `<m${n}@mail.test>`));
    const before = [...there];
    const again = await run();
    expect(again).not.toMatch(/far side: \+[1-9]|near side: \+[1-9]/i);
    expect([...(await all(user, 'INBOX'))]).toEqual(before);
    expect([...(await readdir(join(inbox, 'new'))), ...(await readdir(join(inbox, 'cur')))].sort()).toEqual(
      names.sort(),
    );
  });
});

describe('OfflineIMAP', () => {
  const user = 'offline@mail.test';
  const inbox = () => join(folder, 'offline', 'INBOX');
  const files = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const where of ['cur', 'new'])
      for (const name of await readdir(join(inbox(), where))) found.push(join(inbox(), where, name));
    return found;
  };
  const local = async (): Promise<Map<string, string>> => {
    const found = new Map<string, string>();
    for (const file of await files())
      found.set(/Message-ID: (\S+)/.exec(await readFile(file, 'utf8'))?.[1] ?? file, /:2,(\w*)$/.exec(file)?.[1] ?? '');
    return found;
  };
  const run = async (): Promise<void> => {
    const { code, output } = await program('offlineimap', ['-c', join(folder, 'offlineimaprc'), '-o', '-u', 'basic']);
    expect(output + code).toMatch(/0$/);
    expect(output).not.toContain('ERROR');
  };

  test('both sides end equal after changes on both', async () => {
    const { host, port } = hostAndPort(service.at('imap'));
    await writeFile(
      join(folder, 'offlineimaprc'),
      `[general]
metadata = ${join(folder, 'offline-state')}
accounts = A
[Account A]
localrepository = L
remoterepository = R
[Repository L]
type = Maildir
localfolders = ${join(folder, 'offline')}
[Repository R]
type = IMAP
remotehost = ${host}
remoteport = ${port}
remoteuser = ${user}
remotepass = pass
ssl = no
starttls = no
folderfilter = lambda name: name == 'INBOX'
`,
    );
    await fill(user, 'INBOX', [1, 2, 3]);
    await run();
    expect([...(await local()).keys()].toSorted()).toEqual(['<m1@mail.test>', '<m2@mail.test>', '<m3@mail.test>']);
    // Here: one is read, one goes, one comes. There: one is flagged, one comes.
    for (const file of await files()) {
      const text = await readFile(file, 'utf8');
      if (text.includes('<m1@'))
        await rename(file, join(inbox(), 'cur', `${basename(file).replace(/:2,.*$/, '')}:2,S`));
      if (text.includes('<m2@')) await rm(file);
    }
    await writeFile(join(inbox(), 'new', '1.here'), message(4).replaceAll('\r\n', '\n'));
    const client = await ImapClient.connect(service.at('imap'));
    await client.login(user, 'pass');
    await client.ok('SELECT INBOX');
    await client.ok('STORE 3 +FLAGS (\\Flagged)');
    await client.logout();
    await fill(user, 'INBOX', [5]);
    await run();
    const there = await all(user, 'INBOX');
    expect([...there.keys()].toSorted()).toEqual([
      '<m1@mail.test>',
      '<m3@mail.test>',
      '<m4@mail.test>',
      '<m5@mail.test>',
    ]);
    expect(there.get('<m1@mail.test>')).toBe('\\Seen');
    const here = await local();
    expect([...here.keys()].toSorted()).toEqual([...there.keys()].toSorted());
    expect(here.get('<m3@mail.test>')).toBe('F');
    const before = (await files()).toSorted();
    await run();
    expect((await files()).toSorted()).toEqual(before);
    expect(await all(user, 'INBOX')).toEqual(there);
  });
});

describe("Python's imaplib", () => {
  test('works a mailbox', async () => {
    const { host, port } = hostAndPort(service.at('imaps'));
    const script = `
import imaplib, ssl, time
context = ssl._create_unverified_context()
m = imaplib.IMAP4_SSL('${host}', ${port}, ssl_context=context)
assert m.login('py@mail.test', 'pass')[0] == 'OK'
assert m.create('"a folder"')[0] == 'OK'
raw = b'Subject: hi\\r\\n\\r\\nbody\\r\\n'
assert m.append('"a folder"', '(\\\\Seen)', imaplib.Time2Internaldate(time.time()), raw)[0] == 'OK'
assert m.select('"a folder"') == ('OK', [b'1'])
assert m.search(None, 'SEEN') == ('OK', [b'1'])
assert m.fetch('1', '(RFC822)')[1][0][1] == raw
assert m.store('1', '+FLAGS', '(\\\\Flagged)')[0] == 'OK'
assert m.copy('1', 'INBOX')[0] == 'OK'
assert m.uid('MOVE', '1', 'Trash')[0] == 'OK'
assert m.select('INBOX') == ('OK', [b'1'])
assert m.expunge()[0] == 'OK'
assert m.status('Trash', '(MESSAGES)')[1] == [b'"Trash" (MESSAGES 1)']
assert m.close()[0] == 'OK'
assert m.logout()[0] == 'BYE'
print('done')
`;
    expect(await program('python3', ['-c', script])).toEqual({ code: 0, output: 'done\n' });
  });
});

describe('curl', () => {
  const curl = (path: string, ...args: string[]) =>
    program('curl', ['-sS', '-k', '-u', 'curl@mail.test:pass', `imaps://${service.at('imaps')}/${path}`, ...args]);

  test('lists, appends, reads and searches', async () => {
    const file = join(folder, 'mail.eml');
    await writeFile(file, message(3));
    expect((await curl('INBOX', '-T', file)).code).toBe(0);
    expect((await curl('')).output).toContain('LIST (\\HasNoChildren \\Sent) "/" "Sent"');
    expect((await curl('INBOX;UID=1')).output).toBe(message(3));
    expect((await curl('INBOX;UID=1;SECTION=HEADER.FIELDS%20(SUBJECT)')).output).toContain('Subject: =?utf-8?B?');
    expect((await curl('INBOX?SUBJECT%20x')).output).toBe('* SEARCH\r\n');
    expect((await curl('INBOX', '-X', 'STORE 1 +FLAGS (\\Deleted)')).code).toBe(0);
  });

  test('over STARTTLS', async () => {
    const { code, output } = await program('curl', [
      '-sS',
      '-k',
      '--ssl-reqd',
      '-u',
      'curl2@mail.test:pass',
      `imap://${service.at('imap')}/`,
      '-X',
      'STATUS INBOX (MESSAGES)',
    ]);
    expect({ code, output }).toEqual({ code: 0, output: '* STATUS "INBOX" (MESSAGES 0)\r\n' });
  });
});

describe('s-nail', () => {
  test('shows the headers of a mailbox', async () => {
    await fill('nail@mail.test', 'INBOX', [1, 2]);
    const url = `imap://nail%40mail.test:pass@${service.at('imap')}/INBOX`;
    const { output } = await program('s-nail', ['-n', '-S', 'v15-compat=y', '-R', '-H', '-f', url], {
      MAILRC: '/dev/null',
    });
    expect(output).toMatch(/1 s@mail.test .*\n.*2 s@mail.test /);
  });
});

describe('fetchmail', () => {
  test('takes all messages once, and deletes them there', async () => {
    await fill('fetch@mail.test', 'INBOX', [1, 2, 3]);
    const { host, port } = hostAndPort(service.at('imap'));
    const rc = join(folder, 'fetchmailrc');
    await writeFile(
      rc,
      `poll ${host} protocol imap service ${port} auth password user "fetch@mail.test" password "pass" sslproto '' mda "cat >> ${folder}/fetched; echo >> ${folder}/fetched"\n`,
      { mode: 0o600 },
    );
    const args = ['-f', rc, '--pidfile', join(folder, 'fetchmail.pid'), '--nosyslog', '-a'];
    const first = await program('fetchmail', args);
    expect(first).toMatchObject({ code: 0 });
    const fetched = await readFile(join(folder, 'fetched'), 'utf8');
    for (const n of [1, 2, 3]) expect(fetched).toContain(`Message-ID: <m${n}@mail.test>`);
    expect((await all('fetch@mail.test', 'INBOX')).size).toBe(0);
    // 1: there was no mail.
    expect(await program('fetchmail', args)).toMatchObject({ code: 1 });
  });
});

describe('neomutt', () => {
  test('reads, flags, moves and deletes mail of a folder', async () => {
    const user = 'mutt@mail.test';
    await fill(user, 'INBOX', [1, 2, 3]);
    const { host, port } = hostAndPort(service.at('imap'));
    const settings = [
      `imap_user=${user}`,
      'imap_pass=pass',
      'imap_authenticators=plain',
      `folder="imap://${host}:${port}"`,
      'spoolfile="+INBOX"',
      'ssl_starttls=no',
      'ssl_force_tls=no',
      'charset=utf-8',
      'sort=mailbox-order',
      'header_cache=""',
      'sleep_time=0',
      'delete=yes',
      'quit=yes',
      'move=no',
      'confirmappend=no',
      'mark_old=no',
      'wait_key=no',
      'pipe_decode=yes',
    ];
    await writeFile(join(folder, 'muttrc'), settings.map((one) => `set ${one}\n`).join(''));
    const keys =
      `<first-entry><flag-message><first-entry><pipe-message>cat > ${join(folder, 'read')}<enter>` +
      '<first-entry><next-entry><save-message>=Archive<enter><last-entry><delete-message><sync-mailbox><quit>';
    // It wants a terminal.
    const command = `neomutt -n -F ${join(folder, 'muttrc')} -e 'push "${keys}"'`;
    const { code, output } = await program('script', ['-qec', command, '/dev/null'], {
      TERM: 'vt100',
      LC_ALL: 'C.UTF-8',
    });
    expect(code, output).toBe(0);
    const read = await readFile(join(folder, 'read'), 'utf8');
    expect(read).toContain('Subject: 편지 1');
    expect(read).toContain('mail 1');
    const inbox = await all(user, 'INBOX');
    expect([...inbox.keys()]).toEqual(['<m1@mail.test>']);
    expect(inbox.get('<m1@mail.test>')).toContain('\\Flagged');
    expect([...(await all(user, 'Archive')).keys()]).toEqual(['<m2@mail.test>']);
  });
});

describe('alpine', () => {
  test('opens INBOX, shows a message, saves it to a folder, deletes and expunges it', async () => {
    const user = 'alpine@mail.test';
    await fill(user, 'INBOX', [1, 2, 3]);
    const at = `{${service.at('imaps')}/user=${user}/ssl/novalidate-cert}`;
    const settings = [
      `inbox-path=${at}INBOX`,
      `folder-collections=Mail ${at}[]`,
      'user-domain=mail.test',
      'feature-list=quit-without-confirm,expunge-without-confirm,save-will-not-delete,disable-password-file-saving',
      'last-version-used=6.26',
    ];
    await writeFile(join(folder, 'pinerc'), settings.map((one) => `${one}\n`).join(''));
    // None of the machine's own settings. What it changes of them it writes anew, so that a device would not outlive that.
    const command = `alpine -p ${join(folder, 'pinerc')} -P ${join(folder, 'none')} -x ${join(folder, 'exceptions')} -d 0 -i`;
    await using alpine = new Terminal(command, { HOME: folder });
    await alpine.answer('ENTER PASSWORD', 'pass\r');
    await alpine.answer('편지 3', '\r');
    await alpine.answer('mail 1', 's');
    await alpine.answer('to folder', 'Archive\r');
    await until('the message is in Archive', async () => (await all(user, 'Archive')).has('<m1@mail.test>'));
    alpine.type('<dx');
    await until('it is gone from INBOX', async () => !(await all(user, 'INBOX')).has('<m1@mail.test>'));
    alpine.type('q');
    expect(await alpine.ended()).toBe(0);
    expect([...(await all(user, 'INBOX')).keys()]).toEqual(['<m2@mail.test>', '<m3@mail.test>']);
    expect((await all(user, 'Archive')).get('<m1@mail.test>')).toContain('\\Seen');
  });
});

describe('aerc', () => {
  test('lists INBOX, moves a message, flags and deletes others, and leaves', async () => {
    const user = 'aerc@mail.test';
    await fill(user, 'INBOX', [1, 2, 3]);
    const home = join(folder, 'aerc');
    await mkdir(join(home, 'aerc'), { recursive: true });
    const source = `imap+insecure://${encodeURIComponent(user)}:pass@${service.at('imap')}`;
    await writeFile(
      join(home, 'aerc', 'accounts.conf'),
      `[Pabal]\nsource = ${source}\ndefault = INBOX\nfrom = A <${user}>\n`,
      { mode: 0o600 },
    );
    const places = ['XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_DATA_HOME', 'XDG_RUNTIME_DIR'];
    await using aerc = new Terminal('aerc', {
      HOME: home,
      TERM: 'xterm-256color',
      ...Object.fromEntries(places.map((name) => [name, home])),
    });
    // A wide letter takes two cells. The newest message is the chosen one.
    await aerc.answer('편 지 3', ':move Archive\r');
    await until('the message is in Archive', async () => (await all(user, 'Archive')).has('<m3@mail.test>'));
    await until('it is gone from INBOX', async () => !(await all(user, 'INBOX')).has('<m3@mail.test>'));
    aerc.type(':flag\r');
    await until('one is flagged', async () => /Flagged/.test([...(await all(user, 'INBOX')).values()].join()));
    aerc.type(':delete\r');
    await until('it is gone as well', async () => (await all(user, 'INBOX')).size === 1);
    aerc.type(':quit\r');
    expect(await aerc.ended()).toBe(0);
    expect([...(await all(user, 'INBOX')).values()].join()).not.toContain('Flagged');
  });
});
