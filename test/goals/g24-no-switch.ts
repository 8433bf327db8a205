/** G24: no option and no variable of the environment makes an acknowledgement leave before the sync. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { environmentName, keysOf } from '../../src/config/keys.ts';
import { schema } from '../../src/config/schema.ts';
import { ImapClient } from '../client/imap.ts';
import { Pop3Client } from '../client/pop3.ts';
import { SmtpClient } from '../client/smtp.ts';
import { Service } from '../service.ts';
import { byForm, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';
import { type Acknowledgement, acknowledgements, readTrace, strace, straceMissing, traceWritten } from './strace.ts';

const ACKNOWLEDGED: readonly Acknowledgement[] = [
  { name: 'SMTP DATA', request: 'by DATA\\r\\n.\\r\\n"', reply: '"250 ' },
  { name: 'SMTP BDAT', request: 'by BDAT\\r\\n"', reply: '"250 ' },
  { name: 'LMTP', request: 'by LMTP\\r\\n.\\r\\n"', reply: '"250 ' },
  { name: 'IMAP APPEND', request: 'by APPEND\\r\\n', reply: 'OK' },
  { name: 'IMAP STORE', request: ' STORE 1 ', reply: ' OK' },
  { name: 'IMAP CREATE', request: ' CREATE ', reply: ' OK' },
  { name: 'IMAP COPY', request: ' COPY 1 ', reply: ' OK' },
  { name: 'IMAP EXPUNGE', request: ' EXPUNGE\\r\\n', reply: ' OK' },
  { name: 'POP3 QUIT', request: '"QUIT\\r\\n"', reply: '"+OK' },
];

/** An environment or a configuration that somebody might hope is quicker. */
interface Setting {
  readonly name: string;
  readonly set?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** A variable in our own name that is no key: the service must refuse to start rather than ignore or heed it. */
  readonly refused?: boolean;
}

export const goal: Goal = {
  id: 'G24',
  title: 'no setting makes an acknowledgement leave before the sync',

  async control({ folder }) {
    const missing = straceMissing();
    if (missing !== undefined) throw new Error(missing);
    const trace = join(folder, 'trace');
    const [command = '', ...before] = strace(trace);
    const script = new URL('sabotage/early-server.ts', import.meta.url).pathname;
    const child = spawn(command, [...before, process.execPath, script, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    await using smtp = await SmtpClient.connect(line.trim());
    for (let i = 0; i < 5; i++) await smtp.send('a@client.test', ['b@mail.test'], mail('DATA'));
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    await traceWritten(trace);
    const found = acknowledgements(readTrace(trace), ACKNOWLEDGED);
    const early = found.filter((one) => !one.synced).length;
    return early > 0 ? `${early} of ${found.length} acknowledgements came before the sync` : undefined;
  },

  async run({ form, folder, say }: GoalContext): Promise<GoalResult> {
    const every = settings();
    const chosen = byForm(form, {
      smoke: [together(every)],
      quick: [together(every), ...every.filter((_, i) => i % 4 === 0)],
      full: every,
    }); // prettier-ignore
    const violations: string[] = [];
    const counted = new Map<string, number>();
    for (const [i, setting] of chosen.entries()) {
      const own = join(folder, String(i));
      mkdirSync(own);
      if (setting.refused === true) {
        const starts = await started(setting);
        if (starts) violations.push(`${setting.name}: the service starts, as if that meant something`);
        say(`${setting.name}: ${starts ? 'starts' : 'refused'}`);
        continue;
      }
      const { found, done } = await traced(setting, own);
      for (const { name, synced } of found) {
        counted.set(name, (counted.get(name) ?? 0) + 1);
        if (!synced) violations.push(`${setting.name}: ${name} was acknowledged before its sync`);
      }
      const unseen = ACKNOWLEDGED.slice(0, done).filter(({ name }) => !found.some((one) => one.name === name));
      violations.push(...unseen.map(({ name }) => `${setting.name}: no acknowledgement of ${name} was seen`));
      say(`${setting.name}: ${found.length} acknowledgements`);
    }
    return result({
      runs: chosen.length,
      faults: chosen.length,
      acked: [...counted.values()].reduce((sum, count) => sum + count, 0),
      violations: several('findings', violations),
      figures: { settings: chosen.length, acknowledgements: Object.fromEntries(counted) },
    });
  },
};

/** Each documented key at each other value that its kind has, and variables that people know from elsewhere. */
function settings(): readonly Setting[] {
  const untouched = new Set(['data', 'profile', 'tls.cert', 'tls.key']);
  const options = keysOf(schema).flatMap(({ path, expects, preset }): Setting[] => {
    const key = path.join('.');
    if (path[0] === 'listen' || untouched.has(key)) return [];
    return otherValues(expects, preset).map((value) => ({ name: `${key}=${value}`, set: { [key]: value } }));
  });
  const variables: readonly Readonly<Record<string, string>>[] = [
    { NODE_ENV: 'test' },
    { NODE_ENV: 'development' },
    { NODE_ENV: 'production' },
    { UV_THREADPOOL_SIZE: '1' },
    { UV_USE_IO_URING: '1' },
    { [environmentName(['log', 'level'])]: 'silent' },
  ];
  const refused = ['PABAL_SYNC', 'PABAL_NO_SYNC', 'PABAL_UNSAFE', 'PABAL_FSYNC', 'PABAL_TEST', 'PABAL_CRASH_AT'];
  const environment = variables.map((env): Setting => ({ name: Object.entries(env).flat().join('='), env }));
  return [
    { name: 'as it ships' },
    ...options,
    ...environment,
    ...refused.map((name): Setting => ({ name: `${name}=1`, env: { [name]: '1' }, refused: true })),
  ];
}

function otherValues(expects: string, preset: unknown): readonly string[] {
  if (expects === 'true or false') return [String(preset !== true)];
  const choices = [...expects.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '');
  if (expects.startsWith('one of ')) return choices.filter((choice) => choice !== preset);
  const range = /^a whole number from (\d+) to (\d+)$/.exec(expects);
  // The smallest limits would refuse the few things done here: ten are enough for them.
  if (range) return [String(Math.max(10, Number(range[1]))), range[2] as string];
  if (expects.startsWith('a size')) return ['1MB', '1GB'];
  return [];
}

/** All at once, each at the last of its values: one start of the service instead of dozens. */
function together(all: readonly Setting[]): Setting {
  const every = all.filter((setting) => setting.refused !== true);
  return {
    name: 'all settings at once',
    set: Object.assign({}, ...every.map((setting) => setting.set)) as Record<string, string>,
    env: Object.assign({}, ...every.map((setting) => setting.env)) as Record<string, string>,
  };
}

async function started({ env }: Setting): Promise<boolean> {
  try {
    await using service = await Service.start({ env: env ?? {} });
    return service.running;
  } catch (error) {
    if (error instanceof Error && error.message.includes('unknown key')) return false;
    throw error;
  }
}

async function traced({ set, env }: Setting, folder: string) {
  const trace = join(folder, 'trace');
  let done = 0;
  {
    await using service = await Service.start({
      data: join(folder, 'data'),
      under: strace(trace),
      set: set ?? {},
      env: env ?? {},
    });
    done = await deeds(service);
    await service.stop();
  }
  await traceWritten(trace);
  return { found: acknowledgements(readTrace(trace), ACKNOWLEDGED), done };
}

/** One of each kind of write, one after the other; answers how many of the list were done. */
async function deeds(service: Service): Promise<number> {
  const account = 'switch@mail.test';
  {
    await using smtp = await SmtpClient.connect(service.at('smtp'));
    await accepted(smtp.send('a@client.test', [account], mail('DATA')));
    await smtp.command('MAIL FROM:<a@client.test>', 250);
    await smtp.command(`RCPT TO:<${account}>`, 250);
    const chunk = mail('BDAT');
    await smtp.wire.write(`BDAT ${chunk.length} LAST\r\n`);
    await smtp.wire.write(chunk);
    await smtp.expect('BDAT', 250);
    await smtp.quit();
  }
  {
    await using lmtp = await SmtpClient.connect(service.at('lmtp'), { lmtp: true });
    await accepted(lmtp.send('a@client.test', [account], mail('LMTP')));
    await lmtp.quit();
  }
  // Over TLS strace could not read what is said: the rest is in plain text, which loopback may use unless it is set otherwise.
  await using plain = await ImapClient.connect(service.at('imap'));
  if ((await plain.command(`LOGIN ${account} pass`)).status !== 'OK') return 3;
  await plain.ok('APPEND INBOX ', mail('APPEND'));
  await plain.ok('SELECT INBOX');
  await plain.ok('STORE 1 +FLAGS (\\Flagged)');
  await plain.ok('CREATE Kept');
  await plain.ok('COPY 1 Kept');
  await plain.ok('STORE 1 +FLAGS (\\Deleted)');
  await plain.ok('EXPUNGE');
  await plain.logout();
  await using pop3 = await Pop3Client.connect(service.at('pop3'));
  await pop3.login(account, 'pass');
  await pop3.command('DELE 1');
  await pop3.quit();
  return ACKNOWLEDGED.length;
}

async function accepted(replies: Promise<readonly { readonly code: number }[]>): Promise<void> {
  for (const { code } of await replies) if (code !== 250) throw new Error(`a mail was answered ${code}`);
}

function mail(by: string): Buffer {
  return Buffer.from(`Message-ID: <${by}.${process.hrtime.bigint()}@client.test>\r\nSubject: x\r\n\r\nby ${by}\r\n`);
}
