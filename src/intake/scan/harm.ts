/** Does a mail hold something that does harm? Its files are looked at here, and by the engines that know viruses. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { bodyDecoder, decodeBody } from '../../mail/encoding.ts';
import { allowanceOfMail, type ArchiveAllowance, isArchive } from '../../mail/malware/archive.ts';
import { type FileFinding, fileFindings } from '../../mail/malware/attachment.ts';
import { isArchiveName } from '../../mail/malware/executable.ts';
import type { Part } from '../../mail/message.ts';
import type { Body, MessageDetails } from '../../mailstore/api.ts';
import type { ScannedMail } from '../../ports/scanner.ts';
import { Turns } from '../sieve/turns.ts';
import { leaves } from '../spam/mail-text.ts';
import type { Engines } from './engines.ts';

export interface Harm {
  /** What was found, one line each. */
  readonly malware: readonly string[];
  /** Files that run when they are opened. */
  readonly executables: readonly string[];
  /** Files that nobody could look into: encrypted, packed in an unknown way, or larger than is looked at. */
  readonly closed: readonly string[];
}

/** Encoded bytes: of any file, and of an archive. */
const HEAD_BYTES = 16 << 10;
const ARCHIVE_BYTES = 24 << 20;
const MOST_FILES = 1_000;
const MOST_FOUND = 20;

/** Large archives are in memory one at a time. */
const turns = new Turns();

export async function harmIn(
  content: { readonly details: MessageDetails; readonly body: Body },
  mail: ScannedMail,
  engines: Engines,
  signal: AbortSignal,
): Promise<Harm> {
  const found: FileFinding[] = [];
  const allowance = allowanceOfMail();
  for (const part of leaves(content.details.structure, { nested: true, most: MOST_FILES })) {
    signal.throwIfAborted();
    if (part.bodyEnd <= part.bodyStart && part.filename === '') continue;
    found.push(...(await partFindings(part, content.body, allowance)));
  }
  const of = (...kinds: readonly FileFinding['kind'][]): string[] =>
    [...new Set(found.filter(({ kind }) => kinds.includes(kind)).map(({ what }) => what))].slice(0, MOST_FOUND);
  const seen = { executables: of('executable'), closed: of('locked', 'unknown') };
  const malware = of('malware');
  // What is known to be bad need not be asked about.
  if (malware.length > 0) return { malware, ...seen };
  const report = await engines.scan('malware', mail, signal);
  return { malware: report.malware, ...seen };
}

async function partFindings(part: Part, body: Body, allowance: ArchiveAllowance): Promise<FileFinding[]> {
  const length = part.bodyEnd - part.bodyStart;
  const head = await decoded(part, body, Math.min(length, HEAD_BYTES));
  // A mail may hold many archives: others have their turn between two.
  if (isArchive(head)) await nextTurn();
  const small = length <= HEAD_BYTES;
  if (small || !(isArchive(head) || isArchiveName(part.filename))) return fileFindings(part.filename, head, allowance);
  return turns.run('archive', async () =>
    fileFindings(part.filename, await decoded(part, body, Math.min(length, ARCHIVE_BYTES)), allowance),
  );
}

async function decoded(part: Part, body: Body, bytes: number): Promise<Buffer> {
  if (bytes <= HEAD_BYTES) {
    const { buffer, byteOffset, byteLength } = await body.bytes(part.bodyStart, part.bodyStart + bytes);
    return decodeBody(Buffer.from(buffer, byteOffset, byteLength), part.encoding);
  }
  const decoder = bodyDecoder(part.encoding);
  const pieces: Buffer[] = [];
  for await (const piece of body.stream(part.bodyStart, part.bodyStart + bytes))
    pieces.push(decoder.push(Buffer.from(piece)));
  pieces.push(decoder.end());
  return Buffer.concat(pieces);
}
