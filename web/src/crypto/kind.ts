/** What a mail's structure says about signatures and encryption: small, for it is asked of every mail; the rest is loaded when it is needed. */
import type { Message } from '../api.ts';

type Part = Message['structure'];

/** `partly`: somewhere inside, which says nothing about the whole. */
export function securedKind({ structure }: Pick<Message, 'structure'>): 'signed' | 'sealed' | 'partly' | undefined {
  const { type, parts } = structure;
  if (/^application\/(?:x-)?pkcs7-mime$/.test(type)) return 'sealed';
  if (type === 'multipart/signed' && parts.length === 2 && isSignature(parts[1])) return 'signed';
  return hasSecured(structure) ? 'partly' : undefined;
}

function hasSecured(part: Part): boolean {
  return /^application\/(?:x-)?pkcs7-(?:mime|signature)$/.test(part.type) || part.parts.some(hasSecured);
}

function isSignature(part: Part | undefined): boolean {
  return part !== undefined && /^application\/(?:x-)?pkcs7-signature$/.test(part.type);
}
