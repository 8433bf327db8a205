/** mime and foreverypart (RFC 5703 §3, §4): tests of the header of parts, and commands for each part. */
import type { Call } from '../call.ts';
import type { Checker } from '../check.ts';
import { addressParts } from '../addresses.ts';
import { decodeParams, parseParameterized } from '../../params.ts';
import type { SieveField, SieveHeader } from '../header.ts';
import type { AddedTag, AddressPart, Extension } from '../language.ts';
import type { Machine } from '../machine.ts';

const OPTIONS = ['type', 'subtype', 'contenttype', 'param'] as const;

function needsMime(tag: string): NonNullable<AddedTag['check']> {
  return (call: Call, checker: Checker) => {
    if (!call.has(':mime')) checker.problem(call, `:${tag} takes :mime, too`);
  };
}

export const mime: Extension = {
  name: 'mime',
  tags: [
    { on: ['header', 'address', 'exists'], tag: { name: 'mime' } },
    { on: ['header', 'address', 'exists'], tag: { name: 'anychild' }, check: needsMime('anychild') },
    ...OPTIONS.map(
      (name): AddedTag => ({
        on: ['header'],
        tag: { name, group: 'mime option', ...(name === 'param' && { value: 'strings' }) },
        check: needsMime(name),
      }),
    ),
  ],
};

export const foreverypart: Extension = {
  name: 'foreverypart',
  commands: [
    {
      name: 'foreverypart',
      block: true,
      tags: [{ name: 'name', value: 'string' }],
      async run(call, machine) {
        const outer = machine.part;
        const name = call.text(':name')?.value;
        machine.loops.push(name);
        try {
          for (const part of machine.message.parts(outer)) {
            machine.part = part;
            const signal = await machine.run(call.block);
            if (signal !== 'break') {
              if (signal !== undefined) return signal;
              continue;
            }
            // One that names an outer loop ends this one, too.
            if (machine.breaking !== undefined && machine.breaking !== name) return 'break';
            machine.breaking = undefined;
            return undefined;
          }
          return undefined;
        } finally {
          machine.part = outer;
          machine.loops.pop();
        }
      },
    },
    {
      name: 'break',
      tags: [{ name: 'name', value: 'string' }],
      run(call, machine) {
        const name = call.text(':name')?.value;
        if (name === undefined ? machine.loops.length === 0 : !machine.loops.includes(name))
          machine.fail("'break' outside of the 'foreverypart' that it ends");
        machine.breaking = name;
        return 'break';
      },
    },
  ],
};

/** The headers that a test with :mime looks at: of the current part, with :anychild of all that is in it. */
async function headersOf(call: Call, machine: Machine): Promise<readonly SieveHeader[]> {
  const { message, part } = machine;
  const parts = call.has(':anychild') ? message.parts(part, true) : [part ?? message.structure];
  const headers: SieveHeader[] = [];
  for (const one of parts) {
    headers.push(one === message.structure ? machine.header : await message.headerOf(one));
    await machine.breathe(one.bodyStart - one.headerStart);
  }
  return headers;
}

/** What `header :mime` compares. */
export async function mimeTexts(call: Call, machine: Machine, names: readonly string[]): Promise<readonly string[]> {
  const params = machine.strings(call, ':param').map((name) => name.toLowerCase());
  const fields = await mimeFields(call, machine, names);
  return fields.flatMap((field) => optionOf(call, field, params));
}

export async function mimeAddresses(
  call: Call,
  machine: Machine,
  names: readonly string[],
  part: AddressPart,
): Promise<readonly string[]> {
  return (await mimeFields(call, machine, names)).flatMap((field) => addressParts(field, part));
}

/** Each of the fields is there, in one part or another. */
export async function mimeExists(call: Call, machine: Machine, names: readonly string[]): Promise<boolean> {
  const headers = await headersOf(call, machine);
  return names.every((name) => headers.some((header) => header.all(name).length > 0));
}

async function mimeFields(call: Call, machine: Machine, names: readonly string[]): Promise<readonly SieveField[]> {
  const headers = await headersOf(call, machine);
  return headers.flatMap((header) => names.flatMap((name) => header.all(name)));
}

function optionOf(call: Call, field: SieveField, params: readonly string[]): readonly string[] {
  const option = OPTIONS.find((name) => call.has(`:${name}`));
  if (option === undefined) return [field.text];
  const parsed = parseParameterized(field.value);
  const value = parsed.value.toLowerCase();
  const [type = '', subtype = ''] = value.split('/');
  switch (option) {
    case 'type':
      return [type.trim()];
    case 'subtype':
      return [field.name === 'content-type' ? subtype.trim() : ''];
    case 'contenttype':
      return [value];
    case 'param': {
      const found = decodeParams(parsed.params);
      return params.flatMap((name) => found.get(name) ?? []);
    }
  }
}
