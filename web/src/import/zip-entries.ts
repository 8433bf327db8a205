/** The files in a zip file (PKWARE APPNOTE 6.3) that is not read as a whole: its directory is, and then one after the other. Not zip64, nothing encrypted. */

export interface ZippedFile {
  readonly name: string;
  /** Bytes in the zip file. */
  readonly packed: number;
  readonly open: () => Promise<ReadableStream<Uint8Array>>;
}

const END = { signature: 0x06054b50, size: 22, mostComment: 0xffff };
const ENTRY = { signature: 0x02014b50, size: 46 };
const LOCAL_SIZE = 30;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
const MOST_DIRECTORY = 64 << 20;

/** Throws for what is none, or of a kind that is not read here. */
export async function zipEntries(file: Blob): Promise<readonly ZippedFile[]> {
  const { at, size } = await directoryOf(file);
  const view = await viewOf(file, at, size);
  const found: ZippedFile[] = [];
  for (let from = 0; from + ENTRY.size <= view.byteLength && view.getUint32(from, true) === ENTRY.signature; ) {
    const [name, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(from + offset, true)) as [
      number,
      number,
      number,
    ];
    const flags = view.getUint16(from + 8, true);
    const method = view.getUint16(from + 10, true);
    const packed = view.getUint32(from + 20, true);
    const local = view.getUint32(from + 42, true);
    const bytes = new Uint8Array(view.buffer, view.byteOffset + from + ENTRY.size, name);
    const readable = (flags & ENCRYPTED) === 0 && (method === STORED || method === DEFLATED);
    if (readable)
      found.push({
        name: new TextDecoder().decode(bytes),
        packed,
        open: async () => {
          const head = await viewOf(file, local, LOCAL_SIZE);
          const start = local + LOCAL_SIZE + head.getUint16(26, true) + head.getUint16(28, true);
          const content = file.slice(start, start + packed).stream() as ReadableStream<Uint8Array<ArrayBuffer>>;
          return method === STORED ? content : content.pipeThrough(new DecompressionStream('deflate-raw'));
        },
      });
    from += ENTRY.size + name + extra + comment;
  }
  return found;
}

async function directoryOf(file: Blob): Promise<{ readonly at: number; readonly size: number }> {
  const from = Math.max(0, file.size - END.size - END.mostComment);
  const tail = await viewOf(file, from, file.size - from);
  for (let at = tail.byteLength - END.size; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END.signature) continue;
    const size = tail.getUint32(at + 12, true);
    const start = tail.getUint32(at + 16, true);
    if (start + size > file.size || size > MOST_DIRECTORY) break;
    return { at: start, size };
  }
  throw new Error('a zip file that cannot be read here');
}

async function viewOf(file: Blob, at: number, size: number): Promise<DataView> {
  return new DataView(await file.slice(at, at + size).arrayBuffer());
}
