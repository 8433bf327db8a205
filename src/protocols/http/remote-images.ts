/**
 * Images that a mail shows from other servers: whoever wants to see them has them from us, so that their owners learn neither address nor
 * program nor cookie of the reader. Only what we sealed is fetched, for a day or two: it is no way to the web for everybody.
 */
import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { imageTypeOf, LONGEST_BEGINNING } from '../../mail/file-beginnings.ts';
import { publicFetch } from '../../net/public-fetch.ts';
import type { PublicRequestOptions } from '../../net/public-request.ts';
import type { Clock } from '../../ports/clock.ts';
import { isWeb, unescaped } from './leaving.ts';
import { Problem } from './reply.ts';
import { isSealed, sealOf } from './seal.ts';

export interface RemoteImage {
  readonly type: string;
  readonly bytes: Uint8Array;
}

export interface RemoteImagesOptions extends PublicRequestOptions {
  /** Default: where private addresses are asked, and else only those of the web, because others are doors to other things. */
  readonly anyPort?: boolean;
}

interface RemoteImagesParts extends RemoteImagesOptions {
  /** The same on every node and after a restart. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
}

export const IMAGE_PATH = '/image';
const MOST_URL = 2_000;
export const MOST_IMAGE_BYTES = 8 << 20;
const MOST_REDIRECTS = 4;
/** With all redirects. */
const TIMEOUT_MS = 20_000;
const DAY_MS = 86_400_000;
/** At once, for all readers. */
const MOST_FETCHES = 64;
/** Kept in memory, of all images. */
const KEPT_BYTES = 32 << 20;
const KEPT_MS = 6 * 3_600_000;
/** Of a picture that is larger little else would be kept. */
const MOST_KEPT_BYTES = 1 << 20;
const HEADERS = {
  accept: 'image/avif,image/webp,image/png,image/jpeg,image/gif;q=0.9',
  'accept-encoding': 'identity',
  'user-agent': 'Pabal image proxy',
};

interface Kept extends RemoteImage {
  readonly until: number;
}

export class RemoteImages {
  readonly #parts: RemoteImagesParts;
  /** The one used longest ago first. */
  readonly #kept = new Map<string, Kept>();
  #keptBytes = 0;
  readonly #coming = new Map<string, Promise<RemoteImage>>();

  constructor(parts: RemoteImagesParts) {
    this.#parts = parts;
  }

  /** The markup that cleaning left, with every image of another server as one of ours. */
  through(clean: string): string {
    return clean.replaceAll(/ src="(https?:[^"]*)"/gi, (_, escaped: string) => {
      const path = this.path(unescaped(escaped));
      return path === undefined ? '' : ` src="${path.replaceAll('&', '&amp;')}"`;
    });
  }

  /** Undefined for what is no address of the web, or too long. */
  path(of: string): string | undefined {
    if (of.length > MOST_URL || !isWeb(of)) return undefined;
    const day = String(this.#today());
    const seal = sealOf(this.#parts.secret, 'image', day, of);
    return `${IMAGE_PATH}?${new URLSearchParams({ of, day, seal }).toString()}`;
  }

  /** Throws `not-found` for what we did not seal of late and for what is no image, `busy`. */
  async get({ of, day, seal }: Readonly<Record<string, unknown>>): Promise<RemoteImage> {
    if (typeof of !== 'string' || typeof day !== 'string' || typeof seal !== 'string') throw new Problem('not-found');
    const age = this.#today() - Number(day);
    if (!isSealed(this.#parts.secret, seal, 'image', day, of) || !(age >= 0 && age <= 1))
      throw new Problem('not-found');
    const key = hash('sha256', of, 'base64url');
    return this.#known(key) ?? (await this.#fetchOnce(key, of));
  }

  #today(): number {
    return Math.floor(this.#parts.clock.now() / DAY_MS);
  }

  #known(key: string): RemoteImage | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#drop(key, kept);
    if (kept.until <= this.#parts.clock.now()) return undefined;
    this.#keep(key, kept);
    return kept;
  }

  #keep(key: string, image: Kept): void {
    this.#kept.set(key, image);
    this.#keptBytes += image.bytes.length;
    for (const [oldest, one] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES) return;
      this.#drop(oldest, one);
    }
  }

  #drop(key: string, image: Kept): void {
    if (this.#kept.delete(key)) this.#keptBytes -= image.bytes.length;
  }

  /** Who asks for what is on its way waits for that. */
  async #fetchOnce(key: string, url: string): Promise<RemoteImage> {
    const coming = this.#coming.get(key);
    if (coming !== undefined) return await coming;
    if (this.#coming.size >= MOST_FETCHES) throw new Problem('busy');
    const fetching = this.#fetch(url).finally(() => this.#coming.delete(key));
    this.#coming.set(key, fetching);
    const image = await fetching;
    if (image.bytes.length <= MOST_KEPT_BYTES && !this.#kept.has(key))
      this.#keep(key, { ...image, until: this.#parts.clock.now() + KEPT_MS });
    return image;
  }

  async #fetch(from: string): Promise<RemoteImage> {
    const { privateAddresses, anyPort = privateAddresses } = this.#parts;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    let url: URL | undefined = new URL(from);
    try {
      for (let turn = 0; url !== undefined && turn <= MOST_REDIRECTS; turn++) {
        mayBeAsked(url, anyPort);
        let next: URL | undefined;
        const check = (answer: IncomingMessage) => void (next = redirect(answer, url as URL));
        const bytes = await publicFetch(url, { headers: HEADERS, most: MOST_IMAGE_BYTES, check }, this.#parts, signal);
        const type = next === undefined ? imageTypeOf(bytes.subarray(0, LONGEST_BEGINNING)) : undefined;
        if (type !== undefined) return { type, bytes };
        url = next;
      }
    } catch {
      // Whatever is wrong there: the reader sees that an image is missing, and nobody learns anything about our networks.
    }
    throw new Problem('not-found');
  }
}

/** Throws for what is no address of the web. */
function mayBeAsked(url: URL, anyPort: boolean): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error('no address of the web');
  if (url.port !== '' && !anyPort) throw new Error('another port');
  // A name and a password in it would go along.
  url.username = '';
  url.password = '';
}

/** Where it is instead; undefined when it is here. Throws when it is nowhere. */
function redirect({ statusCode = 0, headers }: IncomingMessage, at: URL): URL | undefined {
  if (statusCode === 200) return undefined;
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined)
    throw new Error(`the server answers ${statusCode}`);
  return new URL(headers.location, at);
}
