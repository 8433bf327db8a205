/** envelope (RFC 5228 §5.4). */
import { envelopePart } from '../addresses.ts';
import type { Extension } from '../language.ts';
import { quoted } from '../machine.ts';

export const envelope: Extension = {
  name: 'envelope',
  tests: [
    {
      name: 'envelope',
      positional: [
        { name: 'envelope parts', kind: 'strings' },
        { name: 'keys', kind: 'strings' },
      ],
      keys: 'keys',
      addressPart: true,
      check(call, checker) {
        for (const text of call.texts('envelope parts')) {
          const name = checker.constant(text)?.toLowerCase();
          if (name !== undefined && name !== 'from' && name !== 'to')
            checker.problem(text, `an envelope has "from" and "to", not ${quoted(name)}`);
        }
      },
      evaluate(call, machine) {
        if (machine.host.event) machine.fail('a message that is there has no envelope');
        const { from, to } = machine.message.envelope;
        const values: string[] = [];
        for (const name of machine.strings(call, 'envelope parts')) {
          const lower = name.toLowerCase();
          if (lower !== 'from' && lower !== 'to') machine.fail(`an envelope has "from" and "to", not ${quoted(name)}`);
          const value = envelopePart(lower === 'from' ? from : to, call.part!);
          if (value !== undefined) values.push(value);
        }
        return machine.matchAny(call, values);
      },
    },
  ],
};
