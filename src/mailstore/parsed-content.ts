/** What staging keeps of a parsed message: few and small things, so that another thread can make them. */
import type { ParsedMessage } from '../mail/parse.ts';
import { type LargePart, largeParts } from './cut.ts';
import { encodeParsed, type FreshDetails } from './details.ts';
import { type ThreadKey, threadKeys } from './thread-keys.ts';

export interface ParsedContent {
  /** The part of the details that all recipients share, encoded. */
  readonly details: Uint8Array;
  /** As the Date field says. */
  readonly date: number | undefined;
  readonly threadKeys: readonly ThreadKey[];
  /** Parts that become blobs, in the order of their bytes. */
  readonly large: readonly LargePart[];
  /** Absent from another thread: it is not worth the way. */
  readonly fresh?: FreshDetails;
}

export function parsedContent(parsed: ParsedMessage): ParsedContent {
  const { bytes, fresh } = encodeParsed(parsed);
  return {
    details: bytes,
    fresh,
    date: parsed.envelope.date,
    threadKeys: threadKeys(parsed.envelope),
    large: largeParts(parsed.structure),
  };
}
