/** editheader (RFC 5293). */
import type { CommandSpec, Extension } from '../language.ts';
import { SIEVE_LIMITS } from '../limits.ts';
import type { SieveField } from '../header.ts';
import { quoted } from '../machine.ts';

/** The way that a mail took, and whether a machine sent it, nobody may hide (RFC 5293 §6). */
const PROTECTED = new Set(['received', 'return-path', 'auto-submitted', 'delivered-to']);

function isFieldName(name: string): boolean {
  return /^[\x21-\x39\x3b-\x7e]{1,77}$/.test(name);
}

const addheader: CommandSpec = {
  name: 'addheader',
  tags: [{ name: 'last' }],
  positional: [
    { name: 'field name', kind: 'string' },
    { name: 'value', kind: 'string' },
  ],
  check(call, checker) {
    const name = checker.constant(call.text('field name'));
    if (name !== undefined && !isFieldName(name))
      checker.problem(call, `${quoted(name)} cannot be the name of a field`);
  },
  run(call, machine) {
    const name = machine.string(call, 'field name');
    if (!isFieldName(name)) machine.fail(`${quoted(name)} cannot be the name of a field`);
    if (PROTECTED.has(name.toLowerCase())) return;
    machine.addedFields += 1;
    if (machine.addedFields > SIEVE_LIMITS.addedFields)
      machine.fail(`more than ${SIEVE_LIMITS.addedFields} fields are added`);
    machine.header = machine.header.with(name, machine.string(call, 'value'), call.has(':last'));
  },
};

const deleteheader: CommandSpec = {
  name: 'deleteheader',
  tags: [{ name: 'index', value: 'number' }, { name: 'last' }],
  positional: [
    { name: 'field name', kind: 'string' },
    { name: 'value patterns', kind: 'strings', optional: true },
  ],
  keys: 'value patterns',
  check(call, checker) {
    if (call.has(':last') && !call.has(':index')) checker.problem(call, ':last takes :index, too');
    if (call.number(':index') === 0) checker.problem(call, ':index counts from 1');
    if (call.matching?.type.counts) checker.problem(call, "'deleteheader' cannot count");
  },
  async run(call, machine) {
    const name = machine.string(call, 'field name').toLowerCase();
    if (PROTECTED.has(name)) return;
    const fields = machine.header.all(name);
    const index = call.number(':index');
    const field = index === undefined ? undefined : call.has(':last') ? fields.at(-index) : fields[index - 1];
    const candidates = index === undefined ? fields : field === undefined ? [] : [field];
    const dropped = new Set<SieveField>();
    for (const candidate of candidates)
      if (!call.has('value patterns') || (await machine.matchAny(call, [candidate.text]))) dropped.add(candidate);
    machine.header = machine.header.without(dropped);
  },
};

export const editheader: Extension = { name: 'editheader', commands: [addheader, deleteheader] };
