/** Which bytes of a message a section names (RFC 3501 §6.4.5), found by the offsets of its structure. */
import { selectFields } from '../../../mail/header.ts';
import type { Part } from '../../../mail/message.ts';
import type { Body, MessageDetails } from '../../../mailstore/api.ts';
import type { Section } from '../wire/section.ts';

/** Bytes of the raw message, or a filtered header, or nothing such. */
export type SectionBytes = { readonly from: number; readonly to: number } | { readonly bytes: Uint8Array } | undefined;

/** The part with this path (RFC 3501 §6.4.5): below a message/rfc822 the numbers count the parts of the message inside. */
export function partAt(root: Part, path: readonly number[]): Part | undefined {
  let part: Part = root;
  // Is `part` the root of a message? One that is no multipart is its own part 1.
  let isRoot = true;
  for (const n of path) {
    if (!isRoot && part.type === 'message') {
      const inner = part.children[0];
      if (inner === undefined) return undefined;
      part = inner;
      isRoot = true;
    }
    if (part.type === 'multipart') {
      const child = part.children[n - 1];
      if (child === undefined) return undefined;
      part = child;
    } else if (!isRoot || n !== 1) return undefined;
    isRoot = false;
  }
  return part;
}

/** The bytes of a section, partial applied. */
export async function sectionBytes(details: MessageDetails, body: Body, section: Section): Promise<SectionBytes> {
  const range = sectionRange(details, section);
  if (range === undefined) return undefined;
  const { from, to } = range;
  const { partial } = section;
  if (section.fields.length > 0) {
    const header = await body.bytes(from, to);
    const bytes = headerFields(header, section.fields, section.text === 'HEADER.FIELDS');
    return { bytes: partial === undefined ? bytes : bytes.subarray(partial.start, partial.start + partial.length) };
  }
  if (partial === undefined) return range;
  const start = Math.min(to, from + partial.start);
  return { from: start, to: Math.min(to, start + partial.length) };
}

function sectionRange(details: MessageDetails, { path, text }: Section): { from: number; to: number } | undefined {
  // The structure is decoded when somebody looks: nobody needs it for the whole.
  if (path.length === 0 && text === '') return { from: 0, to: details.size };
  const { structure, size } = details;
  if (path.length === 0) {
    if (text === 'TEXT') return { from: structure.bodyStart, to: size };
    return { from: 0, to: structure.bodyStart };
  }
  const part = partAt(structure, path);
  if (part === undefined) return undefined;
  if (text === '') return { from: part.bodyStart, to: part.bodyEnd };
  if (text === 'MIME') return { from: part.headerStart, to: part.bodyStart };
  // HEADER and TEXT are those of a message inside.
  const inner = part.type === 'message' ? part.children[0] : undefined;
  if (inner === undefined) return undefined;
  return text === 'TEXT'
    ? { from: inner.bodyStart, to: inner.bodyEnd }
    : { from: inner.headerStart, to: inner.bodyStart };
}

const EMPTY_LINE = Buffer.from('\r\n');

/** The fields of a header block with (or without) these names, as they are, and the empty line. */
export function headerFields(header: Uint8Array, names: readonly string[], wanted: boolean): Uint8Array {
  return Buffer.concat([selectFields(header, new Set(names.map((name) => name.toLowerCase())), !wanted), EMPTY_LINE]);
}
