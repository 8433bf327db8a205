/** environment (RFC 5183). */
import type { Extension } from '../language.ts';

export const environment: Extension = {
  name: 'environment',
  tests: [
    {
      name: 'environment',
      positional: [
        { name: 'name', kind: 'string' },
        { name: 'keys', kind: 'strings' },
      ],
      keys: 'keys',
      evaluate(call, machine) {
        const value = machine.host.environment(machine.string(call, 'name').toLowerCase());
        return value === undefined ? false : machine.matchAny(call, [value]);
      },
    },
  ],
};
