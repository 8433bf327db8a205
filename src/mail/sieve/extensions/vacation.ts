/** vacation (RFC 5230) and vacation-seconds (RFC 6131). Whom an answer goes to is decided where mail is sent. */
import type { CommandSpec, Extension } from '../language.ts';
import { soleMailbox } from '../addresses.ts';
import { quoted } from '../machine.ts';
import type { Call } from '../call.ts';

const DAY = 86_400;
const DEFAULT_DAYS = 7;
const MOST_DAYS = 90;
/** Nobody is answered more often than that. */
const LEAST_SECONDS = 60;

const command: CommandSpec = {
  name: 'vacation',
  tags: [
    { name: 'days', group: 'period', value: 'number' },
    { name: 'subject', value: 'string' },
    { name: 'from', value: 'string' },
    { name: 'addresses', value: 'strings' },
    { name: 'mime' },
    { name: 'handle', value: 'string' },
  ],
  positional: [{ name: 'reason', kind: 'string' }],
  check(call, checker) {
    const from = checker.constant(call.text(':from'));
    if (from !== undefined && soleMailbox(from) === undefined)
      checker.problem(call, `${quoted(from)} is not an address`);
  },
  run(call, machine) {
    if (machine.actions.some((action) => action.type === 'vacation')) machine.fail('a mail is answered once');
    const from = machine.string(call, ':from');
    if (from !== '' && soleMailbox(from) === undefined) machine.fail(`${quoted(from)} is not an address`);
    const subject = machine.string(call, ':subject');
    const reason = machine.string(call, 'reason');
    const mime = call.has(':mime');
    machine.act({
      type: 'vacation',
      handle: call.has(':handle') ? machine.string(call, ':handle') : JSON.stringify([subject, from, mime, reason]),
      seconds: periodOf(call),
      subject,
      from,
      addresses: machine.strings(call, ':addresses'),
      reason,
      mime,
    });
  },
};

function periodOf(call: Call): number {
  const seconds = call.number(':seconds');
  if (seconds !== undefined) return Math.min(Math.max(seconds, LEAST_SECONDS), MOST_DAYS * DAY);
  return Math.min(Math.max(call.number(':days') ?? DEFAULT_DAYS, 1), MOST_DAYS) * DAY;
}

export const vacation: Extension = { name: 'vacation', commands: [command] };

export const vacationSeconds: Extension = {
  name: 'vacation-seconds',
  implies: 'vacation',
  tags: [{ on: ['vacation'], tag: { name: 'seconds', group: 'period', value: 'number' } }],
};
