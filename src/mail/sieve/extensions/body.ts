/** body (RFC 5173). */
import type { Part } from '../../message.ts';
import type { Call } from '../call.ts';
import type { Extension } from '../language.ts';
import type { Machine } from '../machine.ts';

export const body: Extension = {
  name: 'body',
  tests: [
    {
      name: 'body',
      tags: [
        { name: 'raw', group: 'transform' },
        { name: 'content', group: 'transform', value: 'strings' },
        { name: 'text', group: 'transform' },
      ],
      positional: [{ name: 'keys', kind: 'strings' }],
      keys: 'keys',
      async evaluate(call, machine) {
        // Match variables would make much of a body a variable: there are none (RFC 5173 §6).
        return machine.variables.untouched(async () => {
          if (call.has(':raw')) return machine.matchAny(call, [await machine.message.rawBody()]);
          return machine.matchAny(call, await texts(call, machine));
        });
      },
    },
  ],
};

async function texts(call: Call, machine: Machine): Promise<string[]> {
  const types = call.has(':content') ? machine.strings(call, ':content').map((type) => type.toLowerCase()) : undefined;
  const values: string[] = [];
  for (const part of machine.message.parts(undefined)) {
    if (types === undefined ? part.type !== 'text' : !types.some((type) => isOfType(part, type))) continue;
    const { message } = machine;
    values.push(types === undefined ? await message.readable(part) : await message.content(part));
    await machine.breathe(part.bodyEnd - part.bodyStart);
  }
  return values;
}

/** `type`, `type/subtype`, or '' for any (RFC 5173 §5.2). */
function isOfType({ type, subtype }: Part, wanted: string): boolean {
  return wanted === '' || wanted === type || wanted === `${type}/${subtype}`;
}
