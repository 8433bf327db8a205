/**
 * Runs tests that are written in Sieve itself, as the suite of Pigeonhole is (`*.svtest`): commands to set up a mail, to run a script on it and to
 * look at what came of it are added to the language. What a test asks of its own engine alone (settings, words of errors,
 * extensions without an RFC) is not compared, and counted.
 */
import { readFileSync } from 'node:fs';
import type { SieveAction, SieveOutcome } from '../../src/mail/sieve/actions.ts';
import type { Call, SieveScript } from '../../src/mail/sieve/call.ts';
import { compileSieve } from '../../src/mail/sieve/check.ts';
import { addressesIn } from '../../src/mail/address.ts';
import { SieveError } from '../../src/mail/sieve/error.ts';
import { REGISTRY } from '../../src/mail/sieve/extensions.ts';
import type { CommandSpec, PositionalSpec, TagSpec, TestSpec } from '../../src/mail/sieve/language.ts';
import { SieveHeader } from '../../src/mail/sieve/header.ts';
import { Machine } from '../../src/mail/sieve/machine.ts';
import { SieveMessage } from '../../src/mail/sieve/message.ts';
import { runSieve } from '../../src/mail/sieve/run.ts';
import { NotComparable, type SuiteMail, SuiteWorld } from './sieve-suite-world.ts';

const EXTENSION = 'vnd.dovecot.testsuite';

export interface SuiteResult {
  passed: number;
  /** File, test, and what it says. */
  readonly failed: string[];
  /** The same of what is not compared, with the reason. */
  readonly notCompared: string[];
}

class TestFailed extends Error {}

/** Of the file that runs. */
interface Running {
  readonly world: SuiteWorld;
  readonly results: SuiteResult;
  readonly name: string;
  script: SieveScript | undefined;
  errors: number;
  /** Of the last script that ran; undefined: what the test itself asked for. */
  outcome: SieveOutcome | undefined;
}

let running: Running | undefined;
const now = (): Running => {
  if (running === undefined) throw new Error('no test runs');
  return running;
};

export async function runSuiteFile(file: string, name: string): Promise<SuiteResult> {
  addCommands();
  const results: SuiteResult = { passed: 0, failed: [], notCompared: [] };
  const world = new SuiteWorld(file);
  const source = withCrlf(readFileSync(file, 'utf8'));
  let script: SieveScript;
  try {
    script = compileSieve(source);
  } catch (error) {
    if (!(error instanceof SieveError)) throw error;
    const unknown = /the extension "([^"]+)" is not available/.exec(error.message)?.[1];
    if (unknown === undefined) results.failed.push(`${name}: ${error.message}`);
    else results.notCompared.push(...testsIn(source).map((test) => `${name}: ${test}: needs ${unknown}`));
    return results;
  }
  running = { world, results, name, script: undefined, errors: 0, outcome: undefined };
  try {
    const machine = new Machine(await SieveMessage.open(world.input(world.mail)), world.host());
    await machine.include(script);
  } catch (error) {
    if (!(error instanceof NotComparable)) results.failed.push(`${name}: ${(error as Error).message}`);
    const done = results.passed + results.failed.length + results.notCompared.length;
    for (const rest of testsIn(source).slice(done))
      results.notCompared.push(`${name}: ${rest}: after ${(error as Error).message}`);
  } finally {
    running = undefined;
  }
  return results;
}

/** Until a test says otherwise its envelope is what its header says. */
function mailOf(raw: Buffer, { from, to }: SuiteMail): SuiteMail {
  const header = SieveHeader.parse(raw);
  const first = (name: string, otherwise: string) => addressesIn(header.all(name)[0]?.text ?? '')[0] ?? otherwise;
  return { raw, from: first('from', from), to: first('to', to), flags: [] };
}

/** As a client uploads it. */
function withCrlf(text: string): string {
  return text.replaceAll(/\r?\n/g, '\r\n');
}

function testsIn(source: string): string[] {
  return Array.from(source.matchAll(/^\s*test "([^"]*)"/gm), ([, test = '']) => test);
}

/** Each test is for itself: one that fails says so, and the next one runs. */
const test: CommandSpec = {
  name: 'test',
  positional: [{ name: 'name', kind: 'string' }],
  block: true,
  async run(call, machine) {
    const { results, name } = now();
    const title = `${name}: ${machine.string(call, 'name')}`;
    try {
      await machine.run(call.block);
      results.passed++;
    } catch (error) {
      if (error instanceof NotComparable) results.notCompared.push(`${title}: ${error.message}`);
      else if (error instanceof TestFailed || error instanceof SieveError)
        results.failed.push(`${title}: ${error.message}`);
      else throw error;
    }
  },
};

/** What a test asked for itself, or what its last script did. */
function outcomeOf(machine: Machine): Pick<SieveOutcome, 'actions' | 'remember'> {
  const { outcome } = now();
  if (outcome !== undefined) return outcome;
  const { actions, implicitKeep, flags, header, remember } = machine;
  const all: SieveAction[] = implicitKeep ? [...actions, { type: 'keep', flags, header }] : [...actions];
  return { actions: all, remember };
}

/** One mail for each folder, as it is filed: INBOX is where `keep` puts it. */
function withoutTwins(actions: readonly SieveAction[]): SieveAction[] {
  const folders = new Set<string>();
  return actions.filter((action) => {
    if (action.type !== 'keep' && action.type !== 'fileinto') return true;
    const folder = action.type === 'keep' ? 'INBOX' : action.mailbox;
    return !folders.has(folder) && folders.add(folder);
  });
}

/** From here on the test looks at this mail. */
async function lookAt(machine: Machine, mail: SuiteMail): Promise<void> {
  const { world } = now();
  const message = await SieveMessage.open(world.input(mail));
  Object.assign(machine, { message, header: message.original, flags: mail.flags });
}

async function message(call: Call, machine: Machine): Promise<boolean> {
  const { world } = now();
  const at = call.number('index') ?? 0;
  const folder = call.has(':folder') ? machine.string(call, ':folder') : undefined;
  const found = (folder === undefined ? world.sent : (world.folders.get(folder) ?? []))[at];
  if (found !== undefined) await lookAt(machine, found);
  return found !== undefined;
}

const MESSAGE = {
  name: 'test_message',
  tags: [{ name: 'smtp' }, { name: 'folder', value: 'string' }] satisfies TagSpec[],
  positional: [{ name: 'index', kind: 'number' }] satisfies PositionalSpec[],
};

const COMMANDS: readonly CommandSpec[] = [
  test,
  {
    name: 'test_fail',
    positional: [{ name: 'reason', kind: 'string' }],
    run(call, machine) {
      throw new TestFailed(machine.string(call, 'reason'));
    },
  },
  {
    name: 'test_set',
    positional: [
      { name: 'name', kind: 'string' },
      { name: 'value', kind: 'string' },
    ],
    async run(call, machine) {
      const { world } = now();
      const value = machine.string(call, 'value');
      const address = value === '<>' ? '' : value.replace(/^<(.*)>$/, '$1');
      switch (machine.string(call, 'name')) {
        case 'message':
          world.mail = mailOf(Buffer.from(value.replaceAll(/\r?\n/g, '\r\n')), world.mail);
          break;
        case 'envelope.from':
          world.mail = { ...world.mail, from: address };
          break;
        case 'envelope.to':
          world.mail = { ...world.mail, to: address };
          break;
        case 'envelope.auth':
          throw new NotComparable('who signed in is no part of the envelope here');
      }
      await lookAt(machine, world.mail);
    },
  },
  {
    name: 'test_mailbox_create',
    positional: [{ name: 'name', kind: 'string' }],
    run: (call, machine) => void now().world.folders.set(machine.string(call, 'name'), []),
  },
  {
    name: 'test_config_set',
    positional: [
      { name: 'name', kind: 'string' },
      { name: 'value', kind: 'string' },
    ],
    run(call, machine) {
      const name = machine.string(call, 'name');
      if (!KNOWN_SETTINGS.has(name)) throw new NotComparable(`the setting ${name}`);
      now().world.settings.set(name, machine.string(call, 'value'));
    },
  },
  {
    name: 'test_config_unset',
    positional: [{ name: 'name', kind: 'string' }],
    run: (call, machine) => void now().world.settings.delete(machine.string(call, 'name')),
  },
  { name: 'test_config_reload', tags: [{ name: 'extension', value: 'string' }], run: () => undefined },
  { name: 'test_binary_save', positional: [{ name: 'name', kind: 'string' }], run: () => undefined },
  { name: 'test_binary_load', positional: [{ name: 'name', kind: 'string' }], run: () => undefined },
  { name: 'test_result_print', run: () => undefined },
  {
    name: 'test_result_reset',
    run(_call, machine) {
      now().outcome = undefined;
      now().world.reset();
      (machine.actions as SieveAction[]).length = 0;
      machine.remember.length = 0;
      Object.assign(machine, { implicitKeep: true, flags: [] });
      return lookAt(machine, now().world.mail);
    },
  },
  {
    ...MESSAGE,
    async run(call, machine) {
      if (!(await message(call, machine))) throw new TestFailed('there is no such message');
    },
  },
];
const KNOWN_SETTINGS = new Set(['sieve_user_email']);

const TESTS: readonly TestSpec[] = [
  { ...MESSAGE, evaluate: message },
  {
    name: 'test_script_compile',
    positional: [{ name: 'file', kind: 'string' }],
    evaluate(call, machine) {
      const state = now();
      state.script = undefined;
      state.errors = 0;
      try {
        state.script = state.world.compiled(state.world.beside(machine.string(call, 'file')));
      } catch (error) {
        if (!(error instanceof SieveError)) throw error;
        state.errors = error.problems.length;
        const unknown = /the extension "([^"]+)" is not available/.exec(error.message)?.[1];
        if (unknown !== undefined) throw new NotComparable(`a script needs ${unknown}`);
      }
      return state.script !== undefined;
    },
  },
  {
    name: 'test_script_run',
    tags: [{ name: 'append_result' }],
    async evaluate(call) {
      const state = now();
      const { world, script, outcome: before } = state;
      if (script === undefined) throw new TestFailed('no script was compiled');
      const outcome = await runSieve([script], world.input(world.mail), world.host());
      state.errors = outcome.error === undefined ? 0 : 1;
      const earlier = call.has(':append_result') ? (before?.actions ?? []) : [];
      state.outcome = { ...outcome, actions: [...earlier, ...outcome.actions] };
      return outcome.error === undefined;
    },
  },
  {
    name: 'test_multiscript',
    positional: [{ name: 'files', kind: 'strings' }],
    async evaluate(call, machine) {
      const state = now();
      const { world } = state;
      const scripts = machine.strings(call, 'files').map((file) => world.compiled(world.beside(file)));
      if (scripts.includes(undefined)) return false;
      state.outcome = await runSieve(scripts as SieveScript[], world.input(world.mail), world.host());
      return state.outcome.error === undefined;
    },
  },
  {
    name: 'test_result_execute',
    async evaluate(_call, machine) {
      const { actions, remember } = outcomeOf(machine);
      try {
        await now().world.perform(actions, remember);
        return true;
      } catch (error) {
        now().errors = 1;
        if (error instanceof Error && error.message.startsWith('no folder')) return false;
        throw error;
      }
    },
  },
  {
    name: 'test_result_action',
    tags: [{ name: 'index', value: 'number' }],
    positional: [{ name: 'keys', kind: 'strings' }],
    keys: 'keys',
    evaluate(call, machine) {
      const actions = withoutTwins(outcomeOf(machine).actions);
      const names = actions.map(({ type }) => (type === 'fileinto' ? 'store' : type));
      const at = call.number(':index');
      return machine.matchAny(call, at === undefined ? names : names.slice(at - 1, at));
    },
  },
  {
    // Its words are its engine's own; that there is an error is what counts.
    name: 'test_error',
    tags: [{ name: 'index', value: 'number' }],
    positional: [{ name: 'keys', kind: 'strings' }],
    keys: 'keys',
    evaluate(call) {
      if (now().errors === 0) throw new NotComparable('a warning');
      return !['ne', 'gt', 'lt'].includes(call.matching?.relation ?? '');
    },
  },
];

function addCommands(): void {
  const { capabilities, commands, tests } = REGISTRY as unknown as {
    capabilities: Set<string>;
    commands: Map<string, { spec: CommandSpec; extension: string }>;
    tests: Map<string, { spec: TestSpec; extension: string }>;
  };
  capabilities.add(EXTENSION);
  for (const spec of COMMANDS) commands.set(spec.name, { spec, extension: EXTENSION });
  for (const spec of TESTS) tests.set(spec.name, { spec, extension: EXTENSION });
}
