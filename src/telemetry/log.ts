/**
 * The log: one JSON record per event, one event per line. Whatever strangers put into a field stays inside that field's
 * quotes, and what must stay secret is never written.
 */
import { destination, pino, stdSerializers } from 'pino';
import type { DestinationStream, Logger } from 'pino';

export type Log = Logger;

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Default: standard output, gathered for a moment; what is pending is written when the process ends. */
  readonly destination?: DestinationStream;
}

/** A busy service writes a record for each mail: not each of them should be a system call. */
const GATHERED_BYTES = 8 << 10;
const GATHERED_MS = 100;

/** Field names that never show their value, at the top of a record or one level down. */
const SECRETS = new Set([
  'password',
  'pass',
  'token',
  'secret',
  'authorization',
  'cookie',
  'credentials',
  'key',
  'link',
]);
const SECRET = '[secret]';

export function createLog(options: LogOptions): Log {
  const settings = {
    level: options.level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: withoutSecrets,
    },
    serializers: { err: (error: Error) => ownWithoutSecrets(stdSerializers.err(error)) },
    hooks: { streamWrite: escapeControls },
  };
  return pino(settings, options.destination ?? gathered());
}

function gathered(): DestinationStream {
  return destination({ dest: 1, sync: false, minLength: GATHERED_BYTES, periodicFlush: GATHERED_MS });
}

/** For parts that are used without a service around them, and for tests. */
export const silentLog: Log = pino({ level: 'silent' });

/** The facts themselves when nothing in them is secret, as nearly always: this runs for each record. Not for what all
 * records of a child begin with: that is ours, and says where, not what. */
function withoutSecrets(facts: Record<string, unknown>): Record<string, unknown> {
  let shown = facts;
  for (const name in facts) {
    const value = facts[name];
    const instead = SECRETS.has(name) ? SECRET : isPlain(value) ? ownWithoutSecrets(value) : value;
    if (instead === value) continue;
    if (shown === facts) shown = { ...facts };
    shown[name] = instead;
  }
  return shown;
}

function ownWithoutSecrets<T extends object>(facts: T): T {
  const secrets = Object.keys(facts).filter((name) => SECRETS.has(name));
  return secrets.length === 0 ? facts : { ...facts, ...Object.fromEntries(secrets.map((name) => [name, SECRET])) };
}

/** Errors have a serializer of their own. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Error);
}

// JSON escapes the C0 controls only. The others (DEL, C1, line separators, the characters that reverse text) can only
// stand inside a JSON string, so escaping them changes no value.
const UNPRINTABLE = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function escapeControls(record: string): string {
  return record.replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Outside text as it may stand in a log message or a trace header: printable ASCII, `?` for the rest, cut at `limit`. */
export function printable(text: string, limit = 255): string {
  const short = text.length > limit ? text.slice(0, limit) : text;
  return short.replace(/[^\x20-\x7e]/g, '?');
}
