/** index (RFC 5260 §6): one of several fields of the same name. */
import type { Call } from '../call.ts';
import type { SieveField } from '../header.ts';
import type { Extension } from '../language.ts';
import type { Machine } from '../machine.ts';

const TESTS = ['header', 'address', 'date'];

export const index: Extension = {
  name: 'index',
  tags: [
    {
      on: TESTS,
      tag: { name: 'index', value: 'number' },
      check(call, checker) {
        if (call.number(':index') === 0) checker.problem(call, ':index counts from 1');
      },
    },
    {
      on: TESTS,
      tag: { name: 'last' },
      check(call, checker) {
        if (!call.has(':index')) checker.problem(call, ':last takes :index, too');
      },
    },
  ],
};

/** The fields of these names that a test looks at. Positions count all of them, name after name. */
export function chosenFields(call: Call, machine: Machine, names: readonly string[]): readonly SieveField[] {
  const position = call.number(':index');
  const fields = names.flatMap((name) => machine.header.all(name));
  if (position === undefined) return fields;
  const field = call.has(':last') ? fields.at(-position) : fields[position - 1];
  return field === undefined ? [] : [field];
}
