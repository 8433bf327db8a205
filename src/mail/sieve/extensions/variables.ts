/** variables (RFC 5229). */
import type { Call } from '../call.ts';
import type { CommandSpec, Extension, TagSpec } from '../language.ts';
import { SIEVE_LIMITS } from '../limits.ts';
import { quoted } from '../machine.ts';
import { cut, isVariableName } from '../variables.ts';

/** In the order in which they work (RFC 5229 §4); of those of the same precedence one may be given. */
const MODIFIERS: readonly (readonly [name: string, precedence: number, change: (text: string) => string])[] = [
  ['lower', 40, (text) => text.toLowerCase()],
  ['upper', 40, (text) => text.toUpperCase()],
  ['lowerfirst', 30, (text) => first(text).toLowerCase() + text.slice(first(text).length)],
  ['upperfirst', 30, (text) => first(text).toUpperCase() + text.slice(first(text).length)],
  ['quotewildcard', 20, (text) => text.replaceAll(/[*?\\]/g, '\\$&')],
  ['quoteregex', 20, (text) => text.replaceAll(/[.^$*+?()[\]{}|\\]/g, '\\$&')],
  ['encodeurl', 15, (text) => encodeUrl(text)],
  ['length', 10, (text) => String(Array.from(text).length)],
];
/** These come with extensions of their own. */
const OF_OTHERS = new Set(['quoteregex', 'encodeurl']);

function first(text: string): string {
  return text === '' ? '' : String.fromCodePoint(text.codePointAt(0)!);
}

/** Everything but unreserved characters (RFC 3986 §2.3). */
function encodeUrl(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function modified(call: Call, text: string): string {
  let value = text;
  for (const [name, , change] of MODIFIERS) if (call.has(`:${name}`)) value = change(value);
  return value;
}

const set: CommandSpec = {
  name: 'set',
  tags: MODIFIERS.filter(([name]) => !OF_OTHERS.has(name)).map(
    ([name, precedence]): TagSpec => ({ name, group: `precedence ${precedence}` }),
  ),
  positional: [
    { name: 'name', kind: 'string' },
    { name: 'value', kind: 'string' },
  ],
  check(call, checker) {
    const text = call.text('name')!;
    const name = text.value.toLowerCase();
    const isShared = name.startsWith('global.') && checker.has('include');
    if (text.dynamic || !isVariableName(isShared ? name.slice(7) : name))
      checker.problem(text, `${quoted(text.value)} cannot be the name of a variable`);
  },
  run(call, machine) {
    const value = modified(call, machine.string(call, 'value'));
    const short = value.length > SIEVE_LIMITS.string ? cut(value, SIEVE_LIMITS.string) : value;
    if (!machine.variables.set(call.text('name')!.value, short)) machine.fail('the variables hold too much');
  },
};

export const variables: Extension = {
  name: 'variables',
  commands: [set],
  tests: [
    {
      name: 'string',
      positional: [
        { name: 'source', kind: 'strings' },
        { name: 'keys', kind: 'strings' },
      ],
      keys: 'keys',
      evaluate(call, machine) {
        const values = machine.strings(call, 'source');
        // Empty strings do not count (RFC 5229 §5).
        return machine.matchAny(call, call.matching!.type.counts ? values.filter((value) => value !== '') : values);
      },
    },
  ],
};
