/**
 * A mail to send as multipart/form-data: one part `message` with the JSON, and each other part a file; an image that the HTML shows
 * as `cid:x@y` is a part of that very name. Files are held in memory while they come in, so their bytes are counted over all requests, and beyond the
 * bound nobody may begin.
 */
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { HttpLimits } from './context.ts';
import { parseJson } from './json.ts';
import { Problem } from './reply.ts';

export interface Upload {
  readonly name: string;
  readonly type: string;
  readonly content: Buffer;
  /** Without angle brackets; '' when the text does not show it. */
  readonly contentId: string;
}

interface Multipart {
  readonly message: unknown;
  readonly files: readonly Upload[];
}

/** Bytes that requests have announced and may still send. */
export class UploadBudget {
  #left: number;
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Throws `busy` when there is no room for so many. */
  take(bytes: number): Disposable {
    if (bytes > this.#left) throw new Problem('busy');
    this.#left -= bytes;
    let given = false;
    return {
      [Symbol.dispose]: () => {
        if (!given) this.#left += bytes;
        given = true;
      },
    };
  }
}

/** Reads the request to its end. The JSON is as yet unchecked. Throws `invalid`, `too-large`. */
export async function readMultipart(request: FastifyRequest, limits: HttpLimits): Promise<Multipart> {
  try {
    return await read(request, limits);
  } catch (error) {
    if (error instanceof Problem || String((error as { code?: unknown }).code).startsWith('FST_')) throw error;
    throw new Problem('invalid', 'The multipart body is broken.');
  }
}

async function read(request: FastifyRequest, limits: HttpLimits): Promise<Multipart> {
  let message: unknown;
  const files: Upload[] = [];
  const digest = createHash('sha256');
  let left = limits.message;
  for await (const part of request.files()) {
    const isMessage = part.fieldname === 'message';
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of part.file as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > (isMessage ? limits.sendJson : left)) throw new Problem('too-large');
      pieces.push(piece);
    }
    if (part.file.truncated) throw new Problem('too-large');
    const content = Buffer.concat(pieces);
    digest.update(`${part.fieldname}\0${part.filename ?? ''}\0${part.mimetype}\0${size}\0`).update(content);
    if (!isMessage) {
      left -= size;
      const contentId = /^cid:(.*)$/.exec(part.fieldname)?.[1] ?? '';
      files.push({ name: part.filename ?? '', type: part.mimetype, content, contentId });
    } else if (message !== undefined) {
      throw new Problem('invalid', 'There is more than one part "message".');
    } else {
      message = parseJson(content, { depth: limits.jsonDepth, tokens: limits.jsonTokens });
    }
  }
  if (message === undefined) throw new Problem('invalid', 'A part "message" with the JSON is missing.');
  request.bodyDigest = digest.digest('base64url');
  return { message, files };
}
