/**
 * The immutable row about a message: where its bytes are, and what was parsed from them. What recipients share (all but
 * the head) is encoded once; offsets are those of the message without the account's own trace lines.
 */
import type { Base64Recipe } from '../mail/base64-exact.ts';
import type { Envelope, Part } from '../mail/message.ts';
import type { ParsedMessage } from '../mail/parse.ts';
import { type BlobKey, blobKey } from '../ports/blob.ts';
import { Damaged, type Entry, type Value } from '../ports/kv.ts';
import type { EmailId, MessageDetails } from './api.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { detailsKey } from './keys.ts';

/** A stretch of the raw message. */
export type Segment =
  /** The next bytes of the body rows. */
  | { readonly kind: 'rows'; readonly length: number }
  /** Bytes of a blob from `offset` on, as they are. */
  | { readonly kind: 'blob'; readonly length: number; readonly blob: number; readonly offset: number }
  /** A whole blob, in base64 as the recipe says. */
  | { readonly kind: 'base64'; readonly length: number; readonly blob: number; readonly recipe: Base64Recipe };

export interface BlobRef {
  readonly generation: number;
  /** Hex. */
  readonly sha256: string;
  readonly size: number;
}

export const refKey = (ref: BlobRef): BlobKey => blobKey(ref.generation, ref.sha256);

/** Where a message's bytes are. */
export interface BodyPlan {
  /** The account's own lines before the message. */
  readonly prefix: Uint8Array;
  readonly segments: readonly Segment[];
  readonly blobs: readonly BlobRef[];
}

export interface StoredDetails extends MessageDetails {
  readonly plan: BodyPlan;
  /** Rows that the details themselves take. */
  readonly rows: number;
  /** The first row of the body, where it was read along. */
  bodyRow: Value | undefined;
}

/** What was just parsed, so that whoever reads it right after need not do it again. */
export interface FreshDetails {
  readonly envelope: Envelope;
  readonly flat: FlatPart;
}

const FORMAT = 1;
/** Bytes of a row; longer details take several. */
const CHUNK = 240 << 10;
const SHA256_BYTES = 32;
const writer = new ByteWriter();

/** What all recipients of a message share. */
export function encodeParsed(parsed: ParsedMessage): { readonly bytes: Uint8Array; readonly fresh: FreshDetails } {
  const flat = flatPart(parsed.structure);
  const bytes = writer
    .begin()
    .u8(parsed.hasAttachment ? 1 : 0)
    .string(parsed.preview)
    .bytes(parsed.wire.envelope)
    .bytes(parsed.wire.body)
    .bytes(parsed.wire.bodyStructure)
    .string(JSON.stringify(parsed.envelope))
    .string(JSON.stringify(flat))
    .take();
  return { bytes, fresh: { envelope: parsed.envelope, flat } };
}

/** The rows of one account's copy. */
export function detailsRows(email: EmailId, size: number, plan: BodyPlan, parsed: Uint8Array): Entry[] {
  writer.begin().u8(FORMAT).u32(0).f64(size).bytes(plan.prefix).u16(plan.blobs.length);
  for (const { generation, sha256, size: bytes } of plan.blobs) writer.u32(generation).hex(sha256).f64(bytes);
  writer.u32(plan.segments.length);
  for (const segment of plan.segments) {
    writer.f64(segment.length);
    if (segment.kind === 'rows') writer.u8(0);
    else if (segment.kind === 'blob') writer.u8(1).u16(segment.blob).f64(segment.offset);
    else writer.u8(2).u16(segment.blob).string(JSON.stringify(segment.recipe));
  }
  const whole = writer.raw(parsed).take();
  new DataView(whole.buffer, whole.byteOffset).setUint32(1, whole.length);
  const rows: Entry[] = [];
  for (let at = 0; at < whole.length; at += CHUNK)
    rows.push([detailsKey(email, rows.length), whole.subarray(at, at + CHUNK)]);
  return rows;
}

/** How many rows there are, from the first one. */
export function detailsRowCount(first: Uint8Array): number {
  const r = new ByteReader(first);
  if (r.u8() !== FORMAT) throw new Damaged('details in an unknown format');
  return Math.ceil(r.u32() / CHUNK);
}

export function decodeDetails(email: EmailId, rows: readonly Uint8Array[], fresh?: FreshDetails): StoredDetails {
  const whole = rows.length === 1 ? rows[0]! : Buffer.concat(rows);
  const r = new ByteReader(whole);
  if (r.u8() !== FORMAT || r.u32() !== whole.length) throw new Damaged(`details of ${email}: not whole`);
  const size = r.f64();
  const prefix = r.bytes();
  const blobs: BlobRef[] = [];
  for (let left = r.u16(); left > 0; left--) {
    const generation = r.u32();
    blobs.push({ generation, sha256: r.hex(SHA256_BYTES), size: r.f64() });
  }
  const segments: Segment[] = [];
  for (let left = r.u32(); left > 0; left--) segments.push(readSegment(r));
  return new LazyDetails(email, size, { prefix, blobs, segments }, rows.length, r, fresh);
}

function readSegment(r: ByteReader): Segment {
  const length = r.f64();
  const kind = r.u8();
  if (kind === 0) return { kind: 'rows', length };
  const blob = r.u16();
  if (kind === 1) return { kind: 'blob', length, blob, offset: r.f64() };
  if (kind !== 2) throw new Damaged(`details with a segment of unknown kind ${kind}`);
  return { kind: 'base64', length, blob, recipe: JSON.parse(r.string()) as Base64Recipe };
}

/** Lists mostly need the wire forms alone: the rest is parsed when it is asked for. */
class LazyDetails implements StoredDetails {
  readonly email: EmailId;
  readonly size: number;
  readonly plan: BodyPlan;
  readonly rows: number;
  readonly hasAttachment: boolean;
  readonly wire: MessageDetails['wire'];
  readonly #previewBytes: Uint8Array;
  readonly #envelopeBytes: Uint8Array;
  readonly #structureBytes: Uint8Array;
  readonly #flat: FlatPart | undefined;
  bodyRow: Value | undefined;
  #envelope: Envelope | undefined;
  #structure: Part | undefined;

  constructor(email: EmailId, size: number, plan: BodyPlan, rows: number, r: ByteReader, fresh?: FreshDetails) {
    this.email = email;
    this.size = size;
    this.plan = plan;
    this.rows = rows;
    this.hasAttachment = r.u8() === 1;
    this.#previewBytes = r.bytes();
    const envelope = r.bytes();
    const body = r.bytes();
    this.wire = { envelope, body, bodyStructure: r.bytes() };
    this.#envelopeBytes = r.bytes();
    this.#structureBytes = r.bytes();
    this.#envelope = fresh?.envelope;
    this.#flat = fresh?.flat;
  }

  get preview(): string {
    return utf8(this.#previewBytes);
  }

  get envelope(): Envelope {
    if (!this.#envelope) {
      const parsed = JSON.parse(utf8(this.#envelopeBytes)) as Envelope;
      this.#envelope = { ...parsed, date: parsed.date };
    }
    return this.#envelope;
  }

  get structure(): Part {
    if (!this.#structure) {
      const flat = this.#flat ?? (JSON.parse(utf8(this.#structureBytes)) as FlatPart);
      const shift = this.plan.prefix.length;
      this.#structure = new StoredPart(flat, shift, 0);
    }
    return this.#structure;
  }
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

type FlatPart = [
  type: string,
  subtype: string,
  params: [string, string][],
  disposition: string,
  dispositionParams: [string, string][],
  filename: string,
  encoding: string,
  id: string,
  description: string,
  md5: string,
  location: string,
  language: readonly string[],
  headerStart: number,
  bodyStart: number,
  bodyEnd: number,
  lines: number,
  children: FlatPart[],
];

// The parser bounds the depth, so that these cannot recurse without end.

function flatPart(p: Part): FlatPart {
  return [
    p.type,
    p.subtype,
    [...p.params],
    p.disposition,
    [...p.dispositionParams],
    p.filename,
    p.encoding,
    p.id,
    p.description,
    p.md5,
    p.location,
    p.language,
    p.headerStart,
    p.bodyStart,
    p.bodyEnd,
    p.lines,
    p.children.map(flatPart),
  ];
}

/** A part as it was stored; those inside are made when somebody looks: there may be ten thousand. */
class StoredPart implements Part {
  readonly type: string;
  readonly subtype: string;
  readonly params: ReadonlyMap<string, string>;
  readonly disposition: string;
  readonly dispositionParams: ReadonlyMap<string, string>;
  readonly filename: string;
  readonly encoding: string;
  readonly id: string;
  readonly description: string;
  readonly md5: string;
  readonly location: string;
  readonly language: readonly string[];
  readonly headerStart: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly lines: number;
  readonly #inside: readonly FlatPart[];
  readonly #shift: number;
  #children: readonly Part[] | undefined;

  constructor(flat: FlatPart, shift: number, headerStart = flat[12] + shift) {
    this.type = flat[0];
    this.subtype = flat[1];
    this.params = new Map(flat[2]);
    this.disposition = flat[3];
    this.dispositionParams = new Map(flat[4]);
    this.filename = flat[5];
    this.encoding = flat[6];
    this.id = flat[7];
    this.description = flat[8];
    this.md5 = flat[9];
    this.location = flat[10];
    this.language = flat[11];
    this.headerStart = headerStart;
    this.bodyStart = flat[13] + shift;
    this.bodyEnd = flat[14] + shift;
    this.lines = flat[15];
    this.#inside = flat[16];
    this.#shift = shift;
  }

  get children(): readonly Part[] {
    this.#children ??= this.#inside.map((flat) => new StoredPart(flat, this.#shift));
    return this.#children;
  }
}
