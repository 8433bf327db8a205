/** A script carried out on a mail. Nothing happens yet: the answer says what shall (RFC 5228 §2.10.6). */
import type { SieveAction, SieveOutcome } from './actions.ts';
import type { SieveScript } from './call.ts';
import { SieveError } from './error.ts';
import { Machine, type SieveHost } from './machine.ts';
import { type SieveInput, SieveMessage } from './message.ts';

/**
 * Each script goes on where the one before it ended, unless that said stop: they ask for one thing together. Throws only what
 * reading the mail or asking the host throws: a script that fails keeps the mail.
 */
export async function runSieve(
  scripts: readonly SieveScript[],
  input: SieveInput,
  host: SieveHost,
): Promise<SieveOutcome> {
  const message = await SieveMessage.open(input);
  const machine = new Machine(message, host);
  let at = 0;
  try {
    for (const [i, script] of scripts.entries()) {
      at = i;
      if ((await machine.include(script)) === 'stop') break;
    }
    const conflict = conflictOf(machine.actions);
    if (conflict !== undefined) machine.fail(conflict);
  } catch (error) {
    if (!(error instanceof SieveError)) throw error;
    return {
      actions: [{ type: 'keep', flags: [], header: message.original }],
      remember: [],
      error,
      failed: at,
      work: machine.work,
    };
  }
  const { header, flags, remember, work } = machine;
  const actions: SieveAction[] = machine.implicitKeep
    ? [...machine.actions, { type: 'keep', flags, header }]
    : [...machine.actions];
  return { actions, remember, error: undefined, work };
}

/** RFC 5429 §2.4: who is told that the mail was not taken must not learn that it was. */
function conflictOf(actions: readonly SieveAction[]): string | undefined {
  const rejects = actions.filter((action) => action.type === 'reject').length;
  if (rejects === 0) return undefined;
  if (rejects > 1) return 'a mail can be rejected once';
  const other = actions.find(({ type }) => type !== 'reject' && type !== 'notify');
  return other === undefined ? undefined : `a mail cannot be both rejected and have a ${other.type}`;
}
