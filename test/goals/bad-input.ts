/** Reads and runs the fixtures of test/fixtures/bad-input (their README says what they look like). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConnectionEnded } from '../client/wire.ts';
import { openMessage } from './bad-input-message.ts';
import { openProgram } from './bad-input-program.ts';
import { openWire } from './bad-input-wire.ts';

const FOLDER = new URL('../fixtures/bad-input/', import.meta.url).pathname;

type Piece = string | { readonly repeat: string; readonly times: number } | { readonly utf8: string };

export type Protocol =
  | 'smtp'
  | 'submission'
  | 'submissions'
  | 'lmtp'
  | 'imap'
  | 'imaps'
  | 'pop3'
  | 'pop3s'
  | 'http'
  | 'rest'
  | 'proxy'
  | 'tls'
  | 'message'
  | 'config'
  | 'cli';

interface FixtureFile {
  readonly about: string;
  readonly protocol: Protocol;
  readonly state?: string;
  readonly cases: readonly {
    readonly name: string;
    readonly row?: string;
    readonly state?: string;
    readonly send: Piece | readonly Piece[];
    readonly expect: readonly string[];
    readonly each?: readonly (readonly string[])[];
    readonly ends?: boolean;
    readonly slow?: boolean;
  }[];
}

export interface BadInput {
  readonly file: string;
  readonly name: string;
  readonly row: string | undefined;
  readonly protocol: Protocol;
  readonly state: string | undefined;
  readonly send: Buffer;
  readonly expect: readonly string[];
  readonly ends: boolean;
  readonly slow: boolean;
}

/** Where things are: the listeners of a service, those of one behind a load balancer, and the data of a third. */
export interface Targets {
  readonly at: Readonly<Record<string, string | undefined>>;
  /** An SMTP listener that trusts PROXY headers from this machine. */
  readonly proxy?: string;
  /** Data folder of a running service, for the command line. */
  readonly data?: string;
}

/** What the input met, reply by reply. */
export interface Dialogue extends AsyncDisposable {
  /** The next reply. Throws `ConnectionEnded` when there is none and never will be. */
  next(): Promise<string>;
  /** Untagged data that came with the replies (IMAP). */
  readonly untagged: readonly string[];
  /** Is the next command understood, and nothing else answered? What was wrong, if not. */
  inStep(): Promise<string | undefined>;
}

export function readBadInputs(folder = FOLDER): BadInput[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((file) => {
      const { protocol, state, cases } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as FixtureFile;
      return cases.flatMap((one) =>
        (one.each ?? [[]]).map((values): BadInput => {
          const fill = (text: string): string => text.replaceAll(/\$(\d)/g, (all, n) => values[Number(n) - 1] ?? all);
          return {
            file,
            name: printable(fill(one.name)),
            row: one.row,
            protocol,
            state: one.state ?? state,
            send: bytesOf(one.send, fill),
            expect: one.expect.map(fill),
            ends: one.ends ?? false,
            slow: one.slow ?? false,
          };
        }),
      );
    });
}

function bytesOf(send: Piece | readonly Piece[], fill: (text: string) => string): Buffer {
  const raw = (text: string): Buffer => {
    const filled = fill(text);
    return Buffer.from(filled, /[^\0-\xff]/.test(filled) ? 'utf8' : 'latin1');
  };
  const pieces = Array.isArray(send) ? (send as readonly Piece[]) : [send as Piece];
  return Buffer.concat(
    pieces.map((piece) => {
      if (typeof piece === 'string') return raw(piece);
      if ('utf8' in piece) return Buffer.from(fill(piece.utf8), 'utf8');
      const one = raw(piece.repeat);
      return Buffer.alloc(one.length * piece.times, one);
    }),
  );
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, (c) => `\\x${(c.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`);
}

/** Sends the input; undefined when there is nothing to send it to. `account` is the case's own: nobody else uses it. */
export function openBadInput(input: BadInput, targets: Targets, account: string): Promise<Dialogue | undefined> {
  switch (input.protocol) {
    case 'message':
      return openMessage(input, targets, account);
    case 'config':
    case 'cli':
      return openProgram(input, targets);
    default:
      return openWire(input, targets, account);
  }
}

/** Undefined when all was as expected, else what was not. */
export async function runBadInput(input: BadInput, targets: Targets, account: string): Promise<string | undefined> {
  try {
    await using dialogue = await openBadInput(input, targets, account);
    if (dialogue === undefined) return undefined;
    let closed = false;
    for (const [i, expected] of input.expect.entries()) {
      if (/^!?\\\* (?!\(?(BYE|BAD))/.test(expected)) {
        const among = dialogue.untagged.some((text) => startsWith(expected.replace('!', ''), text));
        if (among === expected.startsWith('!'))
          return `${expected} of the untagged data: ${dialogue.untagged.join(' / ').slice(0, 300)}`;
        continue;
      }
      const [complaint, ended] = await answer(dialogue, expected);
      if (complaint !== undefined) return `reply ${i + 1}: ${complaint}, expected ${expected}`;
      closed = ended;
    }
    return closed || input.ends ? undefined : await dialogue.inStep();
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

/** One expectation against what comes: a complaint, and whether the connection is over. */
async function answer(dialogue: Dialogue, expected: string): Promise<[complaint: string | undefined, closed: boolean]> {
  const passOver = expected.startsWith('...');
  const wanted = passOver ? expected.slice(3) : expected;
  for (;;) {
    let reply: string;
    try {
      reply = await dialogue.next();
    } catch (error) {
      if (!(error instanceof ConnectionEnded)) throw error;
      return [wanted === 'closed' ? undefined : 'the connection was closed', true];
    }
    if (wanted !== 'closed' && startsWith(wanted, reply)) return [undefined, false];
    if (!passOver) return [`'${reply.slice(0, 200)}'`, false];
  }
}

function startsWith(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${pattern})`, 's').test(text);
}
