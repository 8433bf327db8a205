/**
 * Blobs as objects of an S3 bucket, `<prefix>blobs/<key>`, each with the bytes that `blob-files` has in a file: so one can be copied to the
 * other. Whole objects appear at once. The server is told the digest of all that it gets; what it gives is checked block by block
 * before it is handed out. It must answer ranges, and show an object to everybody once it is written; nothing else is asked of it.
 */
import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { BlobInfo, BlobKey, BlobStore } from '../ports/blob.ts';
import type { Clock } from '../ports/clock.ts';
import { Damaged, StoreFailed } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { BLOCK, BlockSums, contentSize, readTrailer } from './blob-format.ts';
import { BlobWrites, digestOf, isBlobKey } from './blob-keys.ts';
import { readBody, type S3Limits, S3Requests } from './s3-requests.ts';

export interface S3Options {
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Before the name of every object: empty, or ending in a slash. */
  readonly prefix: string;
  /** Blobs in one answer to `list`; 1,000 at most. */
  readonly page?: number;
  /** Bytes of a part of a large blob. All but the last are as long: some servers insist. S3 asks for 5 MiB, and allows 10,000 parts. */
  readonly part?: number;
  readonly limits?: Partial<S3Limits>;
}

/** Fetched at once while a blob is read. */
const WINDOW = 16 * BLOCK;
/** The end of an object that is fetched first: small blobs are read with one request. */
const TAIL = 2 * BLOCK;
/** Uploads that nobody goes on with. */
const ABANDONED_MS = 24 * 3_600_000;
const OWNER = 'folder.json';

/** Throws when the bucket cannot be used. */
export async function openBlobS3(
  options: S3Options,
  parts: { readonly clock: Clock; readonly random: Random },
): Promise<BlobS3> {
  const { endpoint, region, accessKey, secretKey, limits = {} } = options;
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
    // The defaults are for Amazon's own: others store the framing of these checksums as content, or refuse it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // S3Requests repeats.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 5000 },
  });
  const store = new BlobS3(new S3Requests(client, parts, limits), options, parts.clock);
  try {
    await store.check();
    // Some servers cannot say what they have of uploads; it costs room, nothing else.
    await store.clearAway().catch(() => undefined);
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
  return store;
}

export class BlobS3 implements BlobStore {
  readonly #requests: S3Requests;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #writing = new BlobWrites();
  readonly #page: number;
  readonly #part: number;

  constructor(requests: S3Requests, { bucket, prefix, page = 1000, part = 8 << 20 }: S3Options, clock: Clock) {
    this.#requests = requests;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#page = page;
    this.#part = part;
    this.#clock = clock;
  }

  /** Why the server did not answer the last request. */
  get away(): Error | undefined {
    return this.#requests.away;
  }

  /** Throws when the bucket is not there, or nobody answers in time. */
  async check(): Promise<void> {
    const there = await this.#requests.ask('find the bucket', (s3, abortSignal) =>
      s3.send(new HeadBucketCommand({ Bucket: this.#bucket }), { abortSignal }),
    );
    if (!there) throw new StoreFailed(`there is no bucket ${this.#bucket}`);
  }

  /** The id of the data folder with which the bucket is used. */
  async owner(): Promise<string | undefined> {
    const Key = this.#prefix + OWNER;
    const bytes = await this.#requests.ask('read whose the bucket is', async (s3, abortSignal) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key }), { abortSignal });
      return readBody(Body, 1000, abortSignal);
    });
    return bytes && (JSON.parse(bytes.toString()) as { id: string }).id;
  }

  async own(id: string): Promise<void> {
    await this.#putObject(this.#prefix + OWNER, Buffer.from(JSON.stringify({ id })));
  }

  async put(key: BlobKey, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const digest = digestOf(key);
    await this.#writing.once(key, () => this.#write(key, digest, content));
  }

  async get(key: BlobKey, start = 0, end = Infinity): Promise<AsyncIterable<Uint8Array> | undefined> {
    digestOf(key);
    const found = await this.#tail(key);
    return found && this.#blocks(key, found, Math.max(0, start), Math.min(end, found.size));
  }

  async info(key: BlobKey): Promise<BlobInfo | undefined> {
    digestOf(key);
    const head = await this.#requests.ask('look at a blob', (s3, abortSignal) =>
      s3.send(new HeadObjectCommand(this.#object(key)), { abortSignal }),
    );
    if (!head) return undefined;
    const size = contentSize(head.ContentLength ?? 0);
    if (size === undefined) throw damage(key, `an object of ${head.ContentLength} bytes: it was cut or grew`);
    return { key, size, modified: head.LastModified?.getTime() ?? 0 };
  }

  async drop(key: BlobKey): Promise<void> {
    digestOf(key);
    await this.#requests.ask('drop a blob', (s3, abortSignal) =>
      s3.send(new DeleteObjectCommand(this.#object(key)), { abortSignal }),
    );
  }

  async *list(): AsyncIterable<BlobInfo> {
    const Prefix = `${this.#prefix}blobs/`;
    for (let token: string | undefined; ; ) {
      const page = await this.#requests.ask('list blobs', (s3, abortSignal) =>
        s3.send(
          new ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix,
            MaxKeys: this.#page,
            ...(token && { ContinuationToken: token }),
          }),
          { abortSignal },
        ),
      );
      for (const { Key = '', Size = 0, LastModified } of page?.Contents ?? []) {
        const key = Key.slice(Prefix.length);
        // A damaged one is listed, too: verify reads it and says so.
        if (isBlobKey(key)) yield { key, size: contentSize(Size) ?? 0, modified: LastModified?.getTime() ?? 0 };
      }
      token = page?.IsTruncated ? page.NextContinuationToken : undefined;
      if (!token) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.settled();
    this.#requests.close();
  }

  #object(key: BlobKey) {
    return { Bucket: this.#bucket, Key: `${this.#prefix}blobs/${key}` };
  }

  async #write(key: BlobKey, digest: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    // Written anew even if it is there: how long it takes tells nobody whether somebody else has the same, and a damaged one is mended.
    const hash = createHash('sha256');
    const object = this.#object(key);
    const parts = partsOf(content, hash, this.#part);
    let part = await parts.next();
    let following = await parts.next();
    // Nothing is sent before this is known: most fit into one request.
    if (following.done) {
      matches(digest, hash);
      await this.#putObject(object.Key, part.value as Buffer);
    } else {
      const upload = await this.#begin(object);
      try {
        const tags: string[] = [];
        for (; !part.done; part = following, following = part.done ? part : await parts.next())
          tags.push(await this.#uploadPart({ ...object, UploadId: upload }, tags.length + 1, part.value));
        matches(digest, hash);
        await this.#complete(key, upload, tags);
      } catch (error) {
        await this.#abort({ ...object, UploadId: upload }).catch(() => undefined);
        throw error;
      }
    }
  }

  async #isWhole(key: BlobKey): Promise<boolean> {
    try {
      return (await this.info(key)) !== undefined;
    } catch (error) {
      if (error instanceof Damaged) return false;
      throw error;
    }
  }

  async #putObject(Key: string, Body: Buffer): Promise<void> {
    const put = new PutObjectCommand({ Bucket: this.#bucket, Key, Body, ContentMD5: md5(Body) });
    await this.#there(this.#requests.ask('write a blob', (s3, abortSignal) => s3.send(put, { abortSignal })));
  }

  async #begin(object: { Bucket: string; Key: string }): Promise<string> {
    const { UploadId } = await this.#there(
      this.#requests.ask('begin a large blob', (s3, abortSignal) =>
        s3.send(new CreateMultipartUploadCommand(object), { abortSignal }),
      ),
    );
    if (!UploadId) throw new StoreFailed('S3 began an upload without an id');
    return UploadId;
  }

  async #uploadPart(
    upload: { Bucket: string; Key: string; UploadId: string },
    PartNumber: number,
    Body: Buffer,
  ): Promise<string> {
    const command = new UploadPartCommand({ ...upload, PartNumber, Body, ContentMD5: md5(Body) });
    const { ETag } = await this.#there(
      this.#requests.ask('write a part', (s3, abortSignal) => s3.send(command, { abortSignal })),
    );
    if (!ETag) throw new StoreFailed('S3 took a part without giving it a tag');
    return ETag;
  }

  async #complete(key: BlobKey, UploadId: string, tags: readonly string[]): Promise<void> {
    const Parts = tags.map((ETag, i) => ({ ETag, PartNumber: i + 1 }));
    const done = await this.#requests.ask('end a large blob', (s3, abortSignal) =>
      s3.send(new CompleteMultipartUploadCommand({ ...this.#object(key), UploadId, MultipartUpload: { Parts } }), {
        abortSignal,
      }),
    );
    // Not known any more: an attempt whose answer we did not get has ended it.
    if (!done && !(await this.#isWhole(key))) throw new StoreFailed('S3 forgot an upload before it was ended');
  }

  async #abort(upload: { Bucket: string; Key: string; UploadId: string }): Promise<void> {
    await this.#requests.ask('abort an upload', (s3, abortSignal) =>
      s3.send(new AbortMultipartUploadCommand(upload), { abortSignal }),
    );
  }

  /** Uploads that nobody goes on with, left by a crash. */
  async clearAway(): Promise<void> {
    const { Uploads = [] } = await this.#there(
      this.#requests.ask('list uploads', (s3, abortSignal) =>
        s3.send(new ListMultipartUploadsCommand({ Bucket: this.#bucket, Prefix: `${this.#prefix}blobs/` }), {
          abortSignal,
        }),
      ),
    );
    for (const { Key, UploadId, Initiated } of Uploads)
      if (Key && UploadId && Initiated && this.#clock.now() - Initiated.getTime() > ABANDONED_MS)
        await this.#abort({ Bucket: this.#bucket, Key, UploadId });
  }

  /** The end of an object: block checksums, and perhaps all of its content. */
  async #tail(key: BlobKey): Promise<Found | undefined> {
    const last = await this.#range(key, `bytes=-${TAIL}`, TAIL);
    if (!last) return undefined;
    const size = contentSize(last.of);
    if (size === undefined) throw damage(key, `an object of ${last.of} bytes: it was cut or grew`);
    const length = last.of - size;
    const trailer =
      length <= last.bytes.length
        ? last.bytes.subarray(last.bytes.length - length)
        : (await this.#range(key, `bytes=${size}-${last.of - 1}`, length))?.bytes;
    const sums = trailer?.length === length ? readTrailer(trailer, size) : undefined;
    if (!sums) throw damage(key, 'a damaged trailer');
    const content = last.bytes.subarray(0, Math.max(0, last.bytes.length - length));
    return { size, sums, tail: content, tailStart: size - content.length };
  }

  async *#blocks(
    key: BlobKey,
    { size, sums, tail, tailStart }: Found,
    start: number,
    end: number,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    for (let from = start - (start % BLOCK); start < end && from < end; ) {
      const to = Math.min(from + WINDOW, Math.ceil(end / BLOCK) * BLOCK, size);
      const bytes =
        from >= tailStart ? tail.subarray(from - tailStart, to - tailStart) : await this.#window(key, from, to);
      if (bytes?.length !== to - from) throw damage(key, 'an end before its end');
      for (let at = 0; at < bytes.length; at += BLOCK) {
        const block = bytes.subarray(at, at + BLOCK);
        const first = from + at;
        if (crc32(block) !== sums[first / BLOCK])
          throw damage(key, `damage between bytes ${first} and ${first + block.length}`);
        const piece = block.subarray(Math.max(0, start - first), Math.max(0, end - first));
        if (piece.length > 0) yield piece;
      }
      from = to;
    }
  }

  async #window(key: BlobKey, from: number, to: number): Promise<Buffer | undefined> {
    return (await this.#range(key, `bytes=${from}-${to - 1}`, to - from))?.bytes;
  }

  /** The bytes, and of how many they are a part. */
  async #range(key: BlobKey, Range: string, most: number): Promise<{ bytes: Buffer; of: number } | undefined> {
    return this.#requests.ask('read a blob', async (s3, abortSignal) => {
      const answer = await s3.send(new GetObjectCommand({ ...this.#object(key), Range }), { abortSignal });
      const bytes = await readBody(answer.Body, most, abortSignal);
      // Of what is shorter than that all may come as if nobody had asked for a part.
      const whole = answer.ContentRange === undefined && Range.startsWith('bytes=-');
      const of = whole ? bytes.length : Number(/\/(\d{1,15})$/.exec(answer.ContentRange ?? '')?.[1] ?? Number.NaN);
      if (Number.isNaN(of)) throw new Error('the server does not answer ranges');
      if (answer.ContentLength !== undefined && bytes.length !== answer.ContentLength)
        throw new Error('the connection ended before the answer');
      return { bytes, of };
    });
  }

  /** What is not about an object that might be missing. */
  async #there<T>(asked: Promise<T | undefined>): Promise<T> {
    const answer = await asked;
    if (answer === undefined) throw new StoreFailed('S3 does not know what it was asked about');
    return answer;
  }
}

interface Found {
  readonly size: number;
  readonly sums: Uint32Array;
  /** The end of the content, and where it begins. */
  readonly tail: Buffer;
  readonly tailStart: number;
}

/** The object in parts of the same length, the last one shorter; one at least. `hash` has seen all the content by the last one. */
async function* partsOf(
  content: Uint8Array | AsyncIterable<Uint8Array>,
  hash: Hash,
  most: number,
): AsyncGenerator<Buffer, void> {
  const sums = new BlockSums();
  let gathered: Buffer[] = [];
  let length = 0;
  const add = function* (bytes: Uint8Array): Generator<Buffer> {
    for (let at = 0; at < bytes.length; ) {
      const take = Math.min(most - length, bytes.length - at);
      // Whoever gave them may use them again.
      gathered.push(Buffer.from(bytes.subarray(at, at + take)));
      at += take;
      length += take;
      if (length < most) continue;
      yield Buffer.concat(gathered);
      gathered = [];
      length = 0;
    }
  };
  for await (const bytes of content instanceof Uint8Array ? [content] : content) {
    hash.update(bytes);
    sums.update(bytes);
    yield* add(bytes);
  }
  yield* add(sums.trailer());
  if (length > 0) yield Buffer.concat(gathered);
}

function damage(key: BlobKey, what: string): Damaged {
  return new Damaged(`blob ${key} has ${what}`);
}

function matches(digest: string, hash: Hash): void {
  const found = hash.digest('hex');
  if (found !== digest) throw new Damaged(`a blob named ${digest} whose content has the digest ${found}`);
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64');
}
