/** reject and ereject (RFC 5429): the sender is told why the mail is not taken. */
import type { CommandSpec, Extension } from '../language.ts';

function command(name: string): CommandSpec {
  return {
    name,
    positional: [{ name: 'reason', kind: 'string' }],
    run(call, machine) {
      machine.implicitKeep = false;
      machine.act({ type: 'reject', reason: machine.string(call, 'reason') });
    },
  };
}

export const reject: Extension = { name: 'reject', commands: [command('reject')] };
export const ereject: Extension = { name: 'ereject', commands: [command('ereject')] };
