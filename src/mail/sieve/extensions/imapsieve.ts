/** imapsieve (RFC 6785): scripts run on what happens to messages that are there; what is only for mail that arrives is an error then. */
import type { SieveScript } from '../call.ts';
import type { Extension } from '../language.ts';

export const imapsieve: Extension = { name: 'imapsieve' };

/** §3.11; who requires vacation-seconds requires vacation, too. */
const FOR_ARRIVALS = ['reject', 'ereject', 'vacation'];

/** What a script requires that cannot be done with a message that is there. */
export function inapplicable({ capabilities }: SieveScript): string | undefined {
  return FOR_ARRIVALS.find((name) => capabilities.has(name));
}
