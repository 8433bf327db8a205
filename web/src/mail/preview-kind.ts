/** Which attachments can be shown where one reads. */
import type { Attachment } from '../api.ts';

export type PreviewKind = 'image' | 'pdf' | 'text' | 'audio';

/** Nothing that could run: what a browser draws, plays, or shows as characters. */
const KINDS: ReadonlyMap<string, PreviewKind> = new Map<string, PreviewKind>([
  ['image/png', 'image'],
  ['image/jpeg', 'image'],
  ['image/gif', 'image'],
  ['image/webp', 'image'],
  ['application/pdf', 'pdf'],
  ['audio/mpeg', 'audio'],
  ['audio/mp4', 'audio'],
  ['audio/ogg', 'audio'],
  ['audio/wav', 'audio'],
  ['audio/x-wav', 'audio'],
]);

export function previewKind({ type }: Pick<Attachment, 'type'>): PreviewKind | undefined {
  const lower = type.toLowerCase();
  return lower.startsWith('text/') && lower !== 'text/html' ? 'text' : KINDS.get(lower);
}
