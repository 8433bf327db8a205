/** Headers for content that came from strangers: it is downloaded, never shown as a page of ours. */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { bodyDecoder } from '../../mail/encoding.ts';
import type { Part } from '../../mail/message.ts';
import type { Body } from '../../mailstore/api.ts';
import { Problem } from './reply.ts';

/** As a token of a Content-Type (RFC 9110 §8.3.1); anything else is just bytes. */
const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]{1,63}\/[a-z0-9!#$&^_.+-]{1,63}$/;

export function downloadHeaders(name: string, type: string): Record<string, string> {
  return {
    'content-type': MEDIA_TYPE.test(type) ? type : 'application/octet-stream',
    'content-disposition': contentDisposition(name),
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  };
}

/** A part as a file, decoded, piece by piece. */
export async function sendPart(reply: FastifyReply, body: Body, part: Part): Promise<FastifyReply> {
  const name = part.filename === '' && part.type === 'message' ? 'message.eml' : part.filename;
  reply.headers(downloadHeaders(name, `${part.type}/${part.subtype}`));
  return await reply.send(Readable.from(decodedPart(body, part)));
}

export async function* decodedPart(body: Body, part: Part): AsyncIterable<Uint8Array> {
  const decoder = bodyDecoder(part.encoding);
  for await (const piece of body.stream(part.bodyStart, part.bodyEnd)) yield decoder.push(piece);
  yield decoder.end();
}

/**
 * `attachment` with the name in both forms of RFC 6266 §4.1 (RFC 8187 for anything but plain ASCII). What could end the
 * header, leave a folder, or show an ending that is not the real one is not part of a name.
 */
export function contentDisposition(name: string): string {
  const clean = safeName(name);
  const ascii = clean.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const plain = `attachment; filename="${ascii}"`;
  return ascii === clean ? plain : `${plain}; filename*=UTF-8''${encodeExtended(clean)}`;
}

/** One path component, without control and direction characters, at most 150 characters, its ending kept. */
export function safeName(name: string): string {
  let clean = name
    .toWellFormed()
    // Controls, zero-width and direction marks: `a<U+202E>gpj.exe` must not read as `aexe.jpg`.
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/gu, '')
    .replace(/[/\\:*?<>|]/g, '_')
    .trim()
    .replace(/^\.+/, '')
    .replace(/[. ]+$/, '');
  const characters = Array.from(clean);
  if (characters.length > 150) {
    const dot = characters.lastIndexOf('.');
    const ending = dot > 0 && characters.length - dot <= 20 ? characters.slice(dot) : [];
    clean = [...characters.slice(0, 150 - ending.length), ...ending].join('');
  }
  // Device names that Windows opens whatever their ending.
  if (/^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i.test(clean)) clean = `_${clean}`;
  return clean === '' ? 'attachment' : clean;
}

function encodeExtended(text: string): string {
  return encodeURIComponent(text).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * One byte range (RFC 9110 §14.1.2): undefined when all of it is to be sent, which is also the answer to several ranges
 * and to units we do not know. Throws `range` when it lies outside.
 */
export function byteRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  if (start >= size || end <= start)
    throw new Problem('range', '', { headers: { 'content-range': `bytes */${size}` } });
  return { start, end };
}
