/** imap4flags (RFC 5232). */
import type { Call } from '../call.ts';
import type { CommandSpec, Extension, PositionalSpec } from '../language.ts';
import type { Machine } from '../machine.ts';
import { flagList, withFlags, withoutFlags } from '../flags.ts';
import { isVariableName } from '../variables.ts';
import type { Checker } from '../check.ts';
import { quoted } from '../machine.ts';

const POSITIONAL: readonly PositionalSpec[] = [
  { name: 'variable', kind: 'string', optional: true },
  { name: 'flags', kind: 'strings' },
];

function checkVariable(call: Call, checker: Checker): void {
  for (const text of [...call.texts('variable'), ...call.texts('variables')]) {
    if (!checker.has('variables')) checker.problem(text, 'naming a variable needs: require "variables"');
    else if (!isVariableName(text.value))
      checker.problem(text, `${quoted(text.value)} cannot be the name of a variable`);
  }
}

function change(
  name: string,
  to: (now: readonly string[], given: readonly string[]) => readonly string[],
): CommandSpec {
  return {
    name,
    positional: POSITIONAL,
    check: checkVariable,
    run(call, machine) {
      const given = flagList(machine.strings(call, 'flags'));
      const variable = call.text('variable')?.value;
      if (variable === undefined) machine.flags = to(machine.flags, given);
      else if (!machine.variables.set(variable, to(flagList([machine.variables.get(variable)]), given).join(' ')))
        machine.fail('the variables hold too much');
    },
  };
}

/** Of the message, or of the variables that a test names. */
function current(call: Call, machine: Machine): readonly string[] {
  if (!call.has('variables')) return machine.flags;
  return call.texts('variables').flatMap(({ value }) => flagList([machine.variables.get(value)]));
}

export const imap4flags: Extension = {
  name: 'imap4flags',
  commands: [
    change('setflag', (_now, given) => given),
    change('addflag', withFlags),
    change('removeflag', withoutFlags),
  ],
  tests: [
    {
      name: 'hasflag',
      positional: [
        { name: 'variables', kind: 'strings', optional: true },
        { name: 'keys', kind: 'strings' },
      ],
      keys: 'keys',
      check: checkVariable,
      evaluate(call, machine) {
        // A key may name several flags; each is asked for (RFC 5232 §4).
        return machine.matchAny(call, current(call, machine), (keys) => keys.flatMap((key) => key.split(' ')));
      },
    },
  ],
  tags: [{ on: ['keep', 'fileinto'], tag: { name: 'flags', value: 'strings' } }],
};
