/** spamtest, spamtestplus and virustest (RFC 5235): what the scanners of the intake said. */
import type { Call } from '../call.ts';
import type { Extension, TestSpec } from '../language.ts';
import type { Machine } from '../machine.ts';

const VALUE = { positional: [{ name: 'value', kind: 'string' }], keys: 'value' } as const;

function scannerTest(name: string, value: (call: Call, machine: Machine) => number | undefined): TestSpec {
  return {
    name,
    ...VALUE,
    // Without a verdict it is 0, and nothing is there to be counted (§3.2).
    evaluate(call, machine) {
      const found = value(call, machine);
      const counts = call.matching!.type.counts;
      return machine.matchAny(call, counts && found === undefined ? [] : [String(found ?? 0)]);
    },
  };
}

const spam = scannerTest('spamtest', (call, { host }) => (call.has(':percent') ? host.spamPercent : host.spamtest));

export const spamtest: Extension = { name: 'spamtest', tests: [spam] };

export const spamtestplus: Extension = {
  name: 'spamtestplus',
  implies: 'spamtest',
  tags: [{ on: ['spamtest'], tag: { name: 'percent' } }],
};

export const virustest: Extension = {
  name: 'virustest',
  tests: [scannerTest('virustest', (_, { host }) => host.virustest)],
};
