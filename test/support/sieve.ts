/** Runs a script on a mail, in a world that a test describes. */
import type { SieveAction, SieveOutcome } from '../../src/mail/sieve/actions.ts';
import { compileSieve } from '../../src/mail/sieve/check.ts';
import type { SieveHost, SieveList } from '../../src/mail/sieve/machine.ts';
import { runSieve } from '../../src/mail/sieve/run.ts';
import { parseStructure } from '../../src/mail/mime.ts';

/** Saturday. */
export const NOW = Date.parse('2026-11-21T03:04:05Z');

export interface World {
  readonly from?: string;
  readonly to?: string;
  readonly mailboxes?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly seen?: ReadonlySet<string>;
  readonly zone?: number;
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  readonly environment?: ReadonlyMap<string, string>;
  readonly spamtest?: number;
  readonly spamPercent?: number;
  readonly virustest?: number;
  /** The flags of the message that is there. */
  readonly event?: readonly string[];
}

export const MAIL = [
  'From: "Gil-dong Hong" <gildong+news@example.com>',
  'To: Bob <bob@example.test>, carol@example.test',
  'Subject: =?utf-8?b?7ZqM7J2Y?= Meeting at three',
  'Date: Tue, 17 Nov 2026 23:30:15 +0900',
  'Message-ID: <one@example.com>',
  '',
  'Hello Bob,',
  'see you at three.',
  '',
].join('\n');

/** `mail` may end its lines in LF. */
export async function sieve(
  script: string | readonly string[],
  mail: string = MAIL,
  world: World = {},
): Promise<SieveOutcome> {
  const raw = Buffer.from(mail.replaceAll(/\r?\n/g, '\r\n'));
  const mailboxes = ['INBOX', 'Junk', ...(world.mailboxes ?? [])];
  const host: SieveHost = {
    now: NOW,
    zone: world.zone ?? 0,
    mailboxExists: (name) => mailboxes.includes(name),
    mailboxIdExists: (id) => id === 'F1',
    specialUseExists: (use, mailbox) => use === '\\Junk' && (mailbox === undefined || mailbox === 'Junk'),
    wasSeen: async (id) => world.seen?.has(id) ?? false,
    script: async (name) => {
      const source = world.scripts?.[name];
      return source === undefined ? undefined : compileSieve(source);
    },
    list: (uri) => world.lists?.[uri] && listOf(world.lists[uri]),
    environment: (name) => world.environment?.get(name),
    spamtest: world.spamtest,
    spamPercent: world.spamPercent,
    virustest: world.virustest,
    ...(world.event && { event: { flags: world.event } }),
    pause: async () => undefined,
  };
  const input = {
    envelope: { from: world.from ?? 'gildong+news@example.com', to: world.to ?? 'bob+work@example.test' },
    size: raw.length,
    structure: parseStructure(raw),
    read: async (start: number, end: number) => raw.subarray(start, end),
  };
  return runSieve(
    [script].flat().map((one) => compileSieve(one)),
    input,
    host,
  );
}

function listOf(members: readonly string[]): SieveList {
  return { has: async (value) => members.includes(value), members: async (most) => members.slice(0, most) };
}

/** What the script asked for, in a few words each: `fileinto A (\Seen)`. */
export function told(outcome: SieveOutcome): string[] {
  return [...outcome.actions.map(inWords), ...(outcome.error === undefined ? [] : [`error ${outcome.error.message}`])];
}

/** What a script asks for, in the words of `told`. */
export async function run(script: string | readonly string[], mail?: string, world?: World): Promise<string[]> {
  return told(await sieve(script, mail, world));
}

function inWords(action: SieveAction): string {
  switch (action.type) {
    case 'keep':
      return ['keep', ...flags(action.flags)].join(' ');
    case 'fileinto':
      return ['fileinto', ...(action.create ? [':create'] : []), action.mailbox, ...flags(action.flags)].join(' ');
    case 'redirect':
      return `redirect ${action.address}`;
    case 'reject':
      return `reject ${action.reason}`;
    case 'vacation':
      return `vacation ${action.reason}`;
    case 'notify':
      return `notify ${action.recipients.join(',')} ${action.subject}`;
  }
}

function flags(given: readonly string[]): string[] {
  return given.length === 0 ? [] : [`(${given.join(' ')})`];
}

/** Runs a script that ends in `keep` where its test holds, and discards else. */
export async function holds(test: string, mail?: string, world?: World, require = ''): Promise<boolean> {
  const all = `require [${[...DEFAULT_REQUIRE, require]
    .filter((name) => name !== '')
    .map((name) => `"${name}"`)
    .join(', ')}];`;
  const outcome = await sieve(`${all}\nif ${test} { keep; } else { discard; }`, mail, world);
  if (outcome.error !== undefined) throw outcome.error;
  return outcome.actions.length > 0;
}

const DEFAULT_REQUIRE = [
  'envelope',
  'subaddress',
  'relational',
  'comparator-i;ascii-numeric',
  'regex',
  'body',
  'date',
  'index',
];
