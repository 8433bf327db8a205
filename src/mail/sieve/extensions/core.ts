/** What every script has: the commands, tests, comparators and match types of RFC 5228 that need no `require`. */
import { asciiCasemap, contains, is, matches, octet } from '../match.ts';
import type { AddressPart, CommandSpec, Extension, TestSpec } from '../language.ts';
import { formatMailbox } from '../../path.ts';
import type { Call } from '../call.ts';
import { SIEVE_LIMITS } from '../limits.ts';
import { addressParts, soleMailbox } from '../addresses.ts';
import { type Machine, quoted } from '../machine.ts';
import { chosenFields } from './index.ts';
import { mimeAddresses, mimeExists, mimeTexts } from './mime.ts';

const keep: CommandSpec = {
  name: 'keep',
  run(call, machine) {
    machine.implicitKeep = false;
    machine.act({ type: 'keep', flags: machine.flagsOf(call), header: machine.header });
  },
};

const discard: CommandSpec = {
  name: 'discard',
  run(_call, machine) {
    machine.implicitKeep = false;
  },
};

const stop: CommandSpec = { name: 'stop', run: () => 'stop' };

/** To everybody on it (RFC 6134 §2.4); of whom nobody is addressed when they are more than a script may address. */
async function redirectToList(call: Call, machine: Machine): Promise<void> {
  const most = SIEVE_LIMITS.redirects;
  const members = await machine.list(machine.string(call, 'address')).members(most + 1);
  if (members.length > most) machine.fail(`the list has more than ${most} members`);
  if (members.length > 0 && !call.has(':copy')) machine.implicitKeep = false;
  for (const address of members) machine.act({ type: 'redirect', address, header: machine.header });
}

const redirect: CommandSpec = {
  name: 'redirect',
  positional: [{ name: 'address', kind: 'string' }],
  check(call, checker) {
    const address = checker.constant(call.text('address'));
    if (!call.has(':list') && address !== undefined && soleMailbox(address) === undefined)
      checker.problem(call, `${quoted(address)} is not an address`);
  },
  run(call, machine) {
    if (call.has(':list')) return redirectToList(call, machine);
    const text = machine.string(call, 'address');
    const mailbox = soleMailbox(text);
    if (mailbox === undefined) return machine.fail(`${quoted(text)} is not an address`);
    if (!call.has(':copy')) machine.implicitKeep = false;
    machine.act({ type: 'redirect', address: mailbox.address, header: machine.header });
  },
};

const allof: TestSpec = {
  name: 'allof',
  tests: 'many',
  async evaluate(call, machine) {
    for (const test of call.tests) if (!(await machine.test(test))) return false;
    return true;
  },
};

const anyof: TestSpec = {
  name: 'anyof',
  tests: 'many',
  async evaluate(call, machine) {
    for (const test of call.tests) if (await machine.test(test)) return true;
    return false;
  },
};

const not: TestSpec = {
  name: 'not',
  tests: 'one',
  async evaluate(call, machine) {
    return !(await machine.test(call.tests[0]!));
  },
};

const header: TestSpec = {
  name: 'header',
  positional: [
    { name: 'header names', kind: 'strings' },
    { name: 'keys', kind: 'strings' },
  ],
  keys: 'keys',
  evaluate(call, machine) {
    const names = machine.strings(call, 'header names');
    if (call.has(':mime')) return mimeTexts(call, machine, names).then((values) => machine.matchAny(call, values));
    return machine.matchAny(
      call,
      chosenFields(call, machine, names).map((field) => field.text),
    );
  },
};

const address: TestSpec = {
  name: 'address',
  positional: [
    { name: 'header names', kind: 'strings' },
    { name: 'keys', kind: 'strings' },
  ],
  keys: 'keys',
  addressPart: true,
  evaluate(call, machine) {
    const names = machine.strings(call, 'header names');
    // What is counted is addresses, whatever parts they have (RFC 5231 §4.2).
    const part = call.matching!.type.counts ? all : call.part!;
    if (call.has(':mime'))
      return mimeAddresses(call, machine, names, part).then((values) => machine.matchAny(call, values));
    const values = chosenFields(call, machine, names).flatMap((field) => addressParts(field, part));
    return machine.matchAny(call, values);
  },
};

const exists: TestSpec = {
  name: 'exists',
  positional: [{ name: 'header names', kind: 'strings' }],
  evaluate(call, machine) {
    const names = machine.strings(call, 'header names');
    if (call.has(':mime')) return mimeExists(call, machine, names);
    return names.every((name) => machine.header.all(name).length > 0);
  },
};

const size: TestSpec = {
  name: 'size',
  tags: [
    { name: 'over', group: 'relation' },
    { name: 'under', group: 'relation' },
  ],
  positional: [{ name: 'limit', kind: 'number' }],
  check(call, checker) {
    if (!call.has(':over') && !call.has(':under')) checker.problem(call, "'size' takes :over or :under");
  },
  evaluate(call, machine) {
    const limit = call.number('limit')!;
    return call.has(':over') ? machine.message.size > limit : machine.message.size < limit;
  },
};

const all: AddressPart = {
  name: 'all',
  of: ({ local, domain }) => (domain === '' ? local : formatMailbox(local, domain)),
};
/** What is no address has neither (RFC 5228 §5.1). */
const localpart: AddressPart = { name: 'localpart', of: ({ local, domain: of }) => (of === '' ? undefined : local) };
const domain: AddressPart = { name: 'domain', of: (parts) => (parts.local === '' ? undefined : parts.domain) };

export const core: Extension = {
  name: '',
  commands: [keep, discard, stop, redirect],
  tests: [
    address,
    allof,
    anyof,
    exists,
    header,
    not,
    size,
    { name: 'true', evaluate: () => true },
    { name: 'false', evaluate: () => false },
  ],
  comparators: [octet, asciiCasemap],
  matchTypes: [is, contains, matches],
  addressParts: [all, localpart, domain],
};
