/** date (RFC 5260 §4, §5): the parts of a moment, of a field or now. */
import { formatDate, parseDate } from '../../date.ts';
import type { Extension } from '../language.ts';
import type { Call } from '../call.ts';
import type { Checker } from '../check.ts';
import { type Machine, quoted } from '../machine.ts';
import { chosenFields } from './index.ts';

const DAY = 86_400_000;
/** Day 0 of the modified Julian date is 40,587 days before 1970. */
const JULIAN_1970 = 40_587;

/** `local` is the moment moved by the zone, so that its UTC fields are those on the clock there; `zone` in minutes. */
const PARTS = new Map<string, (local: Date, zone: number) => string>([
  ['year', (at) => digits(at.getUTCFullYear(), 4)],
  ['month', (at) => digits(at.getUTCMonth() + 1)],
  ['day', (at) => digits(at.getUTCDate())],
  ['date', (at) => dateOf(at)],
  ['julian', (at) => String(Math.floor(at.getTime() / DAY) + JULIAN_1970)],
  ['hour', (at) => digits(at.getUTCHours())],
  ['minute', (at) => digits(at.getUTCMinutes())],
  ['second', (at) => digits(at.getUTCSeconds())],
  ['time', (at) => timeOf(at)],
  ['iso8601', (at, zone) => `${dateOf(at)}T${timeOf(at)}${zoneText(zone, ':')}`],
  ['std11', (at, zone) => formatDate(at.getTime()).replace('+0000', zoneText(zone))],
  ['zone', (_at, zone) => zoneText(zone)],
  ['weekday', (at) => String(at.getUTCDay())],
]);

function digits(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}

function dateOf(at: Date): string {
  return `${digits(at.getUTCFullYear(), 4)}-${digits(at.getUTCMonth() + 1)}-${digits(at.getUTCDate())}`;
}

function timeOf(at: Date): string {
  return `${digits(at.getUTCHours())}:${digits(at.getUTCMinutes())}:${digits(at.getUTCSeconds())}`;
}

function zoneText(minutes: number, between = ''): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${digits(Math.floor(size / 60))}${between}${digits(size % 60)}`;
}

/** `+hhmm` or `-hhmm` as minutes east of Greenwich. */
function zoneMinutes(text: string): number | undefined {
  const found = /^([+-])(\d\d)([0-5]\d)$/.exec(text);
  if (found === null) return undefined;
  return (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3]));
}

function checkPart(call: Call, checker: Checker): void {
  const zone = checker.constant(call.text(':zone'));
  if (zone !== undefined && zoneMinutes(zone) === undefined)
    checker.problem(call, `:zone takes an offset such as "+0900", not ${quoted(zone)}`);
  const part = checker.constant(call.text('date part'));
  if (part !== undefined && !PARTS.has(part.toLowerCase())) checker.problem(call, `a date has no part ${quoted(part)}`);
}

/** The part that a test asks for; `original` is the zone that the field itself names. */
function partOf(call: Call, machine: Machine, at: number, original: number): string {
  const name = machine.string(call, 'date part');
  const part = PARTS.get(name.toLowerCase());
  if (part === undefined) return machine.fail(`a date has no part ${quoted(name)}`);
  const text = call.text(':zone');
  const given = text === undefined ? undefined : zoneMinutes(machine.expand(text));
  const zone = call.has(':originalzone') ? original : (given ?? machine.host.zone);
  const local = new Date(at + zone * 60_000);
  return Number.isNaN(local.getTime()) ? '' : part(local, zone);
}

/** The zone at the end of a date, 0 when it names none. */
function zoneAtEnd(value: string): number {
  const comment = value.lastIndexOf('(');
  const text = (comment < 0 ? value : value.slice(0, comment)).trimEnd();
  return zoneMinutes(text.slice(-5)) ?? ZONES.get(text.slice(-3).toUpperCase()) ?? 0;
}

const ZONES = new Map([
  ['EST', -300],
  ['EDT', -240],
  ['CST', -360],
  ['CDT', -300],
  ['MST', -420],
  ['MDT', -360],
  ['PST', -480],
  ['PDT', -420],
]);

export const date: Extension = {
  name: 'date',
  tests: [
    {
      name: 'date',
      tags: [
        { name: 'zone', group: 'zone', value: 'string' },
        { name: 'originalzone', group: 'zone' },
      ],
      positional: [
        { name: 'header name', kind: 'string' },
        { name: 'date part', kind: 'string' },
        { name: 'keys', kind: 'strings' },
      ],
      keys: 'keys',
      check: checkPart,
      evaluate(call, machine) {
        const values: string[] = [];
        // Without :index, the first field that there is (RFC 5260 §4).
        const fields = chosenFields(call, machine, [machine.string(call, 'header name')]);
        for (const { value } of fields.slice(0, 1)) {
          // In a Received field the date stands after the last ';'.
          const text = value.slice(value.lastIndexOf(';') + 1);
          const at = parseDate(text);
          if (at !== undefined) values.push(partOf(call, machine, at, zoneAtEnd(text)));
        }
        return machine.matchAny(call, values);
      },
    },
    {
      name: 'currentdate',
      tags: [{ name: 'zone', value: 'string' }],
      positional: [
        { name: 'date part', kind: 'string' },
        { name: 'keys', kind: 'strings' },
      ],
      keys: 'keys',
      check: checkPart,
      evaluate: (call, machine) => machine.matchAny(call, [partOf(call, machine, machine.host.now, machine.host.zone)]),
    },
  ],
};
