/** How files begin: what says that it is an image, and is a page, is found out by its first bytes. */

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

type Beginning = readonly [offset: number, bytes: Uint8Array];

/** By type; one of them. */
const BEGINNINGS: ReadonlyMap<string, readonly Beginning[]> = new Map<string, readonly Beginning[]>([
  ['image/png', [[0, ascii('\x89PNG\r\n\x1a\n')]]],
  ['image/jpeg', [[0, ascii('\xff\xd8\xff')]]],
  ['image/gif', [[0, ascii('GIF8')]]],
  ['image/webp', [[8, ascii('WEBP')]]],
  [
    'image/avif',
    [
      [4, ascii('ftypavif')],
      [4, ascii('ftypavis')],
    ],
  ],
  ['application/pdf', [[0, ascii('%PDF-')]]],
  [
    'audio/mpeg',
    [
      [0, ascii('ID3')],
      [0, ascii('\xff\xfb')],
      [0, ascii('\xff\xf3')],
      [0, ascii('\xff\xf2')],
    ],
  ],
  ['audio/mp4', [[4, ascii('ftyp')]]],
  ['audio/ogg', [[0, ascii('OggS')]]],
  ['audio/wav', [[8, ascii('WAVE')]]],
  ['audio/x-wav', [[8, ascii('WAVE')]]],
]);

/** Bytes that suffice to tell. */
export const LONGEST_BEGINNING = 16;

/** Whether a file of this type may begin so; false for types that nobody here knows. */
export function beginsAs(type: string, head: Uint8Array): boolean {
  return BEGINNINGS.get(type)?.some(([at, bytes]) => bytes.every((byte, i) => head[at + i] === byte)) ?? false;
}

/** The type of an image that every browser draws, and that can hold no script; undefined for anything else. */
export function imageTypeOf(head: Uint8Array): string | undefined {
  for (const type of BEGINNINGS.keys()) if (type.startsWith('image/') && beginsAs(type, head)) return type;
  return undefined;
}
