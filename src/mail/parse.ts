/** Everything that is kept about a message, from its bytes, in one pass. */
import { decodeEnvelope, readEnvelope } from './envelope.ts';
import { HeaderBlock } from './header.ts';
import { charsetOf, imapBodies, imapEnvelope } from './imap-structure.ts';
import type { Envelope, Part } from './message.ts';
import { MimeFields } from './mime-fields.ts';
import { type MimeLimits, MimeScanner, type ScannedPart } from './mime.ts';
import { preview } from './text.ts';

export interface ParsedMessage {
  /** Bytes of the raw message. */
  readonly size: number;
  readonly structure: Part;
  readonly envelope: Envelope;
  /** IMAP ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 §7.5.2). May hold literals. */
  readonly wire: { readonly envelope: Buffer; readonly body: Buffer; readonly bodyStructure: Buffer };
  /** At most 200 characters. */
  readonly preview: string;
  readonly hasAttachment: boolean;
}

/** For messages that come in pieces: memory stays small whatever the size. */
export class MessageParser {
  readonly #scanner: MimeScanner;

  constructor(limits?: Partial<MimeLimits>) {
    this.#scanner = new MimeScanner(limits);
  }

  push(chunk: Uint8Array): void {
    this.#scanner.push(chunk);
  }

  /** As many parts were found as the limits allow: there may be more. */
  get isCrowded(): boolean {
    return this.#scanner.isCrowded;
  }

  end(): ParsedMessage {
    return parsed(this.#scanner.end());
  }
}

/**
 * For a message that could not be parsed in time: what its first header lines say, and one part that is all of its body.
 * What it costs does not depend on what is in there.
 */
export class OpaqueParser {
  readonly #scanner = new MimeScanner({ depth: 1, parts: 1, header: 16 << 10, headers: 16 << 10, sample: 4 << 10 });

  push(chunk: Uint8Array): void {
    this.#scanner.push(chunk);
  }

  end(): ParsedMessage {
    const root = this.#scanner.end();
    if (root.type === 'multipart' || root.type === 'message') root.fields = MimeFields.opaque;
    return parsed(root);
  }
}

function parsed(root: ScannedPart): ParsedMessage {
  const charset = charsetOf(root);
  const raw = readEnvelope(root.header ?? NO_HEADER);
  return {
    size: root.bodyEnd,
    structure: plainPart(root),
    envelope: decodeEnvelope(raw, charset),
    wire: {
      envelope: imapEnvelope(raw, charset),
      ...imapBodies(root),
    },
    preview: preview(root),
    hasAttachment: hasAttachment(root, undefined),
  };
}

/** Without what only the parsing needed, so that nobody holds on to the raw bytes. */
function plainPart(part: ScannedPart): Part {
  return {
    type: part.type,
    subtype: part.subtype,
    params: part.params,
    disposition: part.disposition,
    dispositionParams: part.dispositionParams,
    filename: part.filename,
    encoding: part.encoding,
    id: part.id,
    description: part.description,
    md5: part.md5,
    location: part.location,
    language: part.language,
    headerStart: part.headerStart,
    bodyStart: part.bodyStart,
    bodyEnd: part.bodyEnd,
    lines: part.lines,
    children: part.children.map(plainPart),
  };
}

const NO_HEADER = HeaderBlock.parse(new Uint8Array(0));

/** Never throws: every byte string is a message. */
export function parseMessage(raw: Uint8Array, limits?: Partial<MimeLimits>): ParsedMessage {
  const parser = new MessageParser(limits);
  parser.push(raw);
  return parser.end();
}

/** Does a mail program show a paper clip? Parts of the shown text, inline images of an HTML page and signatures do not count. */
function hasAttachment(part: ScannedPart, parent: ScannedPart | undefined): boolean {
  if (part.type === 'multipart') return part.children.some((child) => hasAttachment(child, part));
  if (part.disposition === 'attachment') return true;
  if (part.type === 'text') return part.disposition !== 'inline' && part.filename !== '' && parent !== undefined;
  if (part.subtype === 'pgp-signature' || part.subtype.endsWith('pkcs7-signature')) return false;
  if (parent?.type === 'multipart' && parent.subtype === 'related' && part.id !== '') return false;
  if (part.type === 'message' && (part.subtype === 'delivery-status' || part.subtype === 'disposition-notification')) {
    return false;
  }
  return part.bodyEnd > part.bodyStart;
}
