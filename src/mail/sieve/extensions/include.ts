/** include (RFC 6609): scripts in scripts, and variables that they share. */
import type { CommandSpec, Extension } from '../language.ts';
import { SIEVE_LIMITS } from '../limits.ts';
import { quoted } from '../machine.ts';
import { isVariableName } from '../variables.ts';

const includeCommand: CommandSpec = {
  name: 'include',
  tags: [
    { name: 'personal', group: 'location' },
    { name: 'global', group: 'location' },
    { name: 'once' },
    { name: 'optional' },
  ],
  positional: [{ name: 'script', kind: 'string' }],
  check(call, checker) {
    const text = call.text('script');
    if (text?.dynamic) checker.problem(text, "'include' takes a name without variables");
  },
  async run(call, machine) {
    const name = call.text('script')!.value;
    const key = `${call.has(':global') ? 'global' : 'personal'} ${name}`;
    if (call.has(':once') && machine.included.has(key)) return undefined;
    machine.includes += 1;
    if (machine.includes > SIEVE_LIMITS.includes)
      machine.fail(`more than ${SIEVE_LIMITS.includes} scripts are included`);
    if (machine.depth >= SIEVE_LIMITS.includeDepth)
      machine.fail(`scripts are included deeper than ${SIEVE_LIMITS.includeDepth} levels`);
    // There are no scripts for everybody.
    const script = call.has(':global') ? undefined : await machine.host.script(name);
    if (script === undefined)
      return call.has(':optional') ? undefined : machine.fail(`there is no script ${quoted(name)}`);
    machine.included.add(key);
    return machine.include(script);
  },
};

const global: CommandSpec = {
  name: 'global',
  positional: [{ name: 'names', kind: 'strings' }],
  check(call, checker) {
    if (!checker.has('variables')) checker.problem(call, '\'global\' needs: require "variables"');
    for (const text of call.texts('names'))
      if (!isVariableName(text.value)) checker.problem(text, `${quoted(text.value)} cannot be the name of a variable`);
  },
  run(call, machine) {
    for (const { value } of call.texts('names')) machine.variables.share(value);
  },
};

export const include: Extension = {
  name: 'include',
  commands: [includeCommand, global, { name: 'return', run: () => 'return' }],
};
