/** duplicate (RFC 7352): was there a mail like this before? */
import type { Extension } from '../language.ts';

const WEEK = 7 * 86_400;
/** Longest time that is remembered, in seconds. */
const LONGEST = 90 * 86_400;

export const duplicate: Extension = {
  name: 'duplicate',
  tests: [
    {
      name: 'duplicate',
      tags: [
        { name: 'handle', value: 'string' },
        { name: 'header', group: 'unique id', value: 'string' },
        { name: 'uniqueid', group: 'unique id', value: 'string' },
        { name: 'seconds', value: 'number' },
        { name: 'last' },
      ],
      async evaluate(call, machine) {
        const value = call.has(':uniqueid')
          ? machine.string(call, ':uniqueid')
          : machine.header.all(machine.string(call, ':header') || 'message-id')[0]?.value;
        if (value === undefined || value === '') return false;
        const id = JSON.stringify([machine.string(call, ':handle'), value]);
        const seen = await machine.host.wasSeen(id);
        // With :last, each time it is seen counts anew.
        if (!seen || call.has(':last'))
          machine.remember.push({ id, seconds: Math.min(call.number(':seconds') ?? WEEK, LONGEST) });
        return seen;
      },
    },
  ],
};
