/** Attachments in an S3: a bucket and a store belong to each other. */
import { readFile } from 'node:fs/promises';
import type { BlobS3, S3Options } from '../adapters/blob-s3.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../ports/clock.ts';
import { type CommitId, type KeyValueStore, partition } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { StartError } from './start-error.ts';

/** Its header is the id with which a bucket is used. */
export const BUCKET = partition('c', 'bucket');

interface BucketParts {
  readonly kv: KeyValueStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** Undefined when attachments are not in S3. Throws `StartError`. */
export async function openBucket({ store }: Config, { kv, clock, random }: BucketParts): Promise<BlobS3 | undefined> {
  const { version, value } = await kv.head(BUCKET);
  const known = value && Buffer.from(value).toString();
  if (store.s3.endpoint === '') {
    if (known !== undefined) throw new StartError('attachments of this store are in S3: say where with store.s3');
    return undefined;
  }
  if (store.postgres === '')
    throw new StartError('store.s3 goes with store.postgres: the embedded store keeps attachments in its data folder');
  const options = await optionsOf(store.s3);
  // Loaded when it is asked for: it is larger than everything else together.
  const { openBlobS3 } = await import('../adapters/blob-s3.ts');
  const bucket = await openBlobS3(options, { clock, random }).catch((error: Error) => {
    throw new StartError(`store.s3: ${error.message}`, { cause: error });
  });
  try {
    const owner = await bucket.owner();
    if (owner !== undefined && owner === known) return bucket;
    if (owner !== undefined)
      throw new StartError('the bucket of store.s3 belongs to another store: name another one, or a store.s3.prefix');
    // A crash may have come between the two marks; only before the first account nothing can be missing.
    for await (const _account of kv.partitions('u'))
      throw new StartError(
        known === undefined
          ? 'there is mail already whose attachments are not in S3: leave store.s3 empty'
          : 'the bucket of store.s3 is not the one that holds the attachments of this store',
      );
    const id = known ?? Buffer.from(random.bytes(12)).toString('hex');
    const header = Buffer.from(id);
    const done =
      known ??
      (await kv.commit(BUCKET, version, version + 1, { header }, `bucket.${id}` as CommitId)).kind === 'applied';
    if (!done) throw new StartError('the store could not be told which bucket is its own: try again');
    await bucket.own(id);
    return bucket;
  } catch (error) {
    await bucket[Symbol.asyncDispose]();
    throw error;
  }
}

async function optionsOf(s3: Config['store']['s3']): Promise<S3Options> {
  const { endpoint, bucket, region, access_key: accessKey, secret_file: file, prefix } = s3;
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
    throw new StartError('store.s3.endpoint is not of the form https://s3.example.test');
  const secretKey = file === '' ? s3.secret_key : await secretIn(file);
  for (const [name, value] of Object.entries({ bucket, region, access_key: accessKey, secret_key: secretKey }))
    if (value === '') throw new StartError(`store.s3.${name} is missing`);
  return { endpoint, bucket, region, accessKey, secretKey, prefix: prefix === '' ? '' : prefix.replace(/\/?$/, '/') };
}

async function secretIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new StartError(`store.s3.secret_file cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
