/**
 * Reading JSON from strangers. `JSON.parse` alone has no limits: a few megabytes of `[[[[…` or of short keys cost far
 * more memory and time than they are long. So the bytes are counted first, in one pass that skips over strings.
 */
import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Problem } from './reply.ts';

export interface JsonLimits {
  readonly depth: number;
  /** Commas, colons and openings together: an upper bound of the values that parsing makes. */
  readonly tokens: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Throws `Problem('invalid' | 'too-large')`. Refuses `__proto__` as a key anywhere, and bytes that are not UTF-8. */
export function parseJson(body: Buffer, limits: JsonLimits): unknown {
  checkShape(body, limits);
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new Problem('invalid', 'The body is not UTF-8.');
  }
  try {
    return JSON.parse(text, body.includes('__proto__') || body.includes('\\u') ? refuseProto : undefined);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('invalid', 'The body is not JSON.');
  }
}

function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new Problem('invalid', 'A key "__proto__" is not accepted.');
  return value;
}

function checkShape(body: Buffer, limits: JsonLimits): void {
  let depth = 0;
  let tokens = 0;
  for (let at = 0; at < body.length; at++) {
    switch (body[at]) {
      case QUOTE:
        at = endOfString(body, at + 1);
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > limits.depth)
          throw new Problem('invalid', `The body is nested deeper than ${limits.depth} levels.`);
        tokens++;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case 0x2c: // ,
      case 0x3a: // :
        tokens++;
        break;
    }
    if (tokens > limits.tokens) throw new Problem('too-large', `The body has more than ${limits.tokens} values.`);
  }
}

/** Position of the closing quote; the end when there is none (the parser will complain). */
function endOfString(body: Buffer, from: number): number {
  for (let at = from; ; ) {
    const quote = body.indexOf(QUOTE, at);
    if (quote === -1) return body.length;
    let slashes = 0;
    while (quote - 1 - slashes >= from && body[quote - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote;
    at = quote + 1;
  }
}

/** The body of a request, for fastify. Nothing at all is no body: whether one is needed is the schema's to say. */
export function readJson(
  request: FastifyRequest,
  body: Buffer,
  limits: { readonly jsonDepth: number; readonly jsonTokens: number },
): unknown {
  if (body.length === 0) return undefined;
  if (request.headers['idempotency-key'] !== undefined) request.bodyDigest = hash('sha256', body, 'base64url');
  return parseJson(body, { depth: limits.jsonDepth, tokens: limits.jsonTokens });
}
