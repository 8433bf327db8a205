/** ihave (RFC 5463): a script that does without what is not there. */
import type { Extension } from '../language.ts';

export const ihave: Extension = {
  name: 'ihave',
  commands: [
    {
      name: 'error',
      positional: [{ name: 'message', kind: 'string' }],
      run: (call, machine) => machine.fail(machine.string(call, 'message')),
    },
  ],
  tests: [
    {
      name: 'ihave',
      positional: [{ name: 'capabilities', kind: 'strings' }],
      check(call, checker) {
        for (const text of call.texts('capabilities')) {
          const name = checker.constant(text);
          if (name === undefined) checker.problem(text, "'ihave' takes names without variables");
          else checker.enable(name);
        }
      },
      // What is available was enabled when the script was checked.
      evaluate: (call, machine) => call.texts('capabilities').every(({ value }) => machine.has(value)),
    },
  ],
};
