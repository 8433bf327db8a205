/** SIEVE: random scripts on random mails hold where those of another engine do (Pigeonhole, as Debian ships it). */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { sieve } from '../support/sieve.ts';
import { byForm, type Goal, result, several } from './goal.ts';
import { type SieveCase, SieveCases } from './sieve-cases.ts';

/** Of the tests; the rest is what the other engine sees otherwise than the RFCs. A few tests say less. */
const AGREEMENT = 0.995;
const SMOKE_AGREEMENT = 0.95;

export const goal: Goal = {
  id: 'SIEVE',
  title: 'random Sieve tests hold where they hold for another engine',

  missing: () =>
    spawnSync('sh', ['-c', 'command -v sieve-test']).status === 0
      ? undefined
      : 'sieve-test is not installed (Debian: dovecot-sieve)',

  /** An engine that does not know 'not' and 'anyof', and for which everything is :is. */
  async control({ seed, folder }) {
    const { agreed, tests } = await compare(
      new SieveCases(seed),
      20,
      folder,
      (script) =>
        script
          .replaceAll(/\bnot /g, '')
          .replaceAll('anyof', 'allof')
          .replaceAll(/:contains|:matches|:regex/g, ':is'), // prettier-ignore
    );
    return agreed / tests < SMOKE_AGREEMENT ? `only ${agreed} of ${tests} tests agree` : undefined;
  },

  async run({ form, seed, folder, say }) {
    const cases = byForm(form, { smoke: 20, quick: 400, full: 4_000 });
    const { tests, agreed, differences } = await compare(new SieveCases(seed), cases, folder, (script) => script);
    say(`${agreed} of ${tests} tests agree`);
    const met = agreed / tests >= byForm(form, { smoke: SMOKE_AGREEMENT, quick: AGREEMENT, full: AGREEMENT });
    return result({
      runs: cases,
      violations: met ? [] : several('tests hold for one engine only', differences),
      figures: { tests, agreed, differences: differences.slice(0, 20) },
    });
  },
};

async function compare(cases: SieveCases, count: number, folder: string, ours: (script: string) => string) {
  const differences: string[] = [];
  let tests = 0;
  for (let i = 0; i < count; i += 1) {
    const one = cases.next();
    const [mine, theirs] = [await flagsOf(ours(one.script), one.mail), theirFlags(one, folder)];
    for (const [n, test] of one.tests.entries()) {
      tests += 1;
      if (mine.has(`t${n}`) !== theirs.has(`t${n}`)) differences.push(test);
    }
  }
  return { tests, agreed: tests - differences.length, differences };
}

async function flagsOf(script: string, mail: string): Promise<ReadonlySet<string>> {
  const { actions, error } = await sieve(script, mail);
  if (error !== undefined) throw error;
  const [keep] = actions;
  return new Set(keep?.type === 'keep' ? keep.flags : []);
}

/** What the other engine says it would do. */
function theirFlags({ script, mail }: SieveCase, folder: string): ReadonlySet<string> {
  // It gives up root's rights, and then must be able to read.
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'base'), { recursive: true });
  const root = userInfo().uid === 0;
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const settings = [
    `mail_uid = ${root ? 'nobody' : userInfo().uid}`,
    `mail_gid = ${root ? 'nogroup' : userInfo().gid}`,
    `mail_location = maildir:${folder}/mail`,
    `base_dir = ${folder}/base`,
    'log_path = /dev/stderr',
    'ssl = no',
    'first_valid_uid = 1',
  ];
  const conf = file('dovecot.conf', `${settings.join('\n')}\n`);
  const envelope = ['-a', 'bob+work@example.test', '-r', 'bob@example.test', '-f', 'gildong+news@example.com'];
  const args = ['-c', conf, ...envelope, file('case.sieve', script), file('case.eml', mail)];
  const { stdout, stderr } = spawnSync('sieve-test', args, { encoding: 'utf8' });
  if (!stdout.includes('store message in folder')) throw new Error(`sieve-test: ${stderr.slice(0, 300)}`);
  return new Set(/add IMAP flags: (.*)/.exec(stdout)?.[1]?.split(' ') ?? []);
}
