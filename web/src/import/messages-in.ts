/** The messages in a file of another program: one (.eml), many (mbox), or a zip file of such files. What it is shows its beginning. */
import { readMbox } from '../../../src/mail/mbox.ts';
import { zipEntries } from './zip-entries.ts';

export interface FoundMessage {
  readonly flags: readonly string[];
  /** Milliseconds since 1970. */
  readonly date: number | undefined;
  readonly raw: Uint8Array;
  /** Bytes of the file up to here. */
  readonly read: number;
}

/** Bytes of a message that are held here at most; the service takes fewer. */
const MOST = 256 << 20;
const BEGINNINGS = { mbox: 'From ', zip: 'PK\u0003\u0004' } as const;

export async function* messagesIn(file: File): AsyncGenerator<FoundMessage> {
  const start = new TextDecoder('latin1').decode(await file.slice(0, 5).arrayBuffer());
  if (!start.startsWith(BEGINNINGS.zip)) {
    yield* ofStream(file.stream(), start === BEGINNINGS.mbox, file.lastModified);
    return;
  }
  let before = 0;
  for (const { name, packed, open } of await zipEntries(file)) {
    const isMbox = /\.(?:mbox|mbx)$/i.test(name);
    if (isMbox || /\.eml$/i.test(name))
      for await (const message of ofStream(await open(), isMbox, undefined)) yield { ...message, read: before };
    before += packed;
  }
}

async function* ofStream(
  stream: ReadableStream<Uint8Array>,
  isMbox: boolean,
  date: number | undefined,
): AsyncGenerator<FoundMessage> {
  let read = 0;
  if (isMbox) {
    const progress = (bytes: number) => void (read = bytes);
    for await (const message of readMbox(piecesOf(stream), { most: MOST, progress })) yield { ...message, read };
    return;
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesOf(stream)) {
    read += piece.length;
    if (read > MOST) throw new Error(`a message is larger than ${MOST} bytes`);
    pieces.push(piece);
  }
  const raw = new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
  yield { flags: [], date: date ?? dateIn(raw), raw, read };
}

/** Its own Date field: a file in a zip file has none that could be trusted. */
function dateIn(raw: Uint8Array): number | undefined {
  const head = new TextDecoder('latin1').decode(raw.subarray(0, 1 << 16));
  const date = Date.parse(/^Date:[ \t]*([^\r\n]{1,60})/im.exec(head.split(/\r?\n\r?\n/, 1)[0] ?? '')?.[1] ?? '');
  return Number.isNaN(date) ? undefined : date;
}

/** Not every browser lets one walk over a stream. */
async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
