/** What staging keeps of a parsed message: few and small things, so that another thread can make them. */
import type { ParsedMessage } from '../mail/parse.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { type LargePart, largeParts } from './cut.ts';
import { encodeParsed } from './details.ts';
import { type ThreadKey, threadKeys } from './thread-keys.ts';

export interface ParsedContent {
  /** The part of the details that all recipients share, encoded. */
  readonly details: Uint8Array;
  /** As the Date field says. */
  readonly date: number | undefined;
  readonly threadKeys: readonly ThreadKey[];
  /** Parts that become blobs, in the order of their bytes. */
  readonly large: readonly LargePart[];
}

export function parsedContent(parsed: ParsedMessage): ParsedContent {
  return {
    details: encodeParsed(parsed),
    date: parsed.envelope.date,
    threadKeys: threadKeys(parsed.envelope),
    large: largeParts(parsed.structure),
  };
}

const writer = new ByteWriter();

/** As one piece of memory, which costs less to hand to another thread than many objects. */
export function encodeContents(contents: readonly (ParsedContent | undefined)[]): Uint8Array {
  writer.u32(contents.length);
  for (const content of contents) {
    writer.u8(content ? 1 : 0);
    if (!content) continue;
    writer.f64(content.date ?? Number.NaN).u32(content.threadKeys.length);
    for (const { key, keep } of content.threadKeys) writer.u8(keep ? 1 : 0).bytes(key);
    writer.u32(content.large.length);
    for (const { start, end, encoding } of content.large) writer.f64(start).f64(end).string(encoding);
    writer.bytes(content.details);
  }
  return writer.take();
}

/** The details are views of `bytes`. */
export function decodeContents(bytes: Uint8Array): (ParsedContent | undefined)[] {
  const r = new ByteReader(bytes);
  return Array.from({ length: r.u32() }, () => (r.u8() === 1 ? readContent(r) : undefined));
}

function readContent(r: ByteReader): ParsedContent {
  const date = r.f64();
  const keys: ThreadKey[] = [];
  for (let left = r.u32(); left > 0; left--) {
    const keep = r.u8() === 1;
    keys.push({ key: r.bytes(), keep });
  }
  const large: LargePart[] = [];
  for (let left = r.u32(); left > 0; left--) large.push({ start: r.f64(), end: r.f64(), encoding: r.string() });
  return { date: Number.isNaN(date) ? undefined : date, threadKeys: keys, large, details: r.bytes() };
}
