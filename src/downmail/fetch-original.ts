/** How an original is had from where it is kept: over HTTPS from another service, and directly when it is kept here. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { MailError } from '../mail/error.ts';
import type { NotificationAccess } from '../mail/downmail/fields.ts';
import { publicRequest, type PublicRequestOptions } from '../net/public-request.ts';
import { PAGE_ONLY } from './gone.ts';
import { handedOut } from './handed-out.ts';
import type { PickUp } from './pick-up.ts';

export interface FetchOriginalParts extends PublicRequestOptions {
  readonly pickUp: Pick<PickUp, 'open'>;
  /** `https://mail.example.com`: links below it lead here. */
  readonly publicUrl: string;
}

export interface FetchedBytes {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** It came to this service's gateway: what was found out about it then stands in it, in our name. */
  readonly checkedHere: boolean;
}

/** Until the answer begins, and between two pieces of it. */
const SILENCE_MS = 30_000;
/** The other side's answer when it is no mail. */
const MOST_ANSWER = 4_096;
/** Of a larger original its length is compared, not every byte. */
const MOST_AGAIN = 1 << 20;

export class FetchOriginal {
  readonly #parts: FetchOriginalParts;

  constructor(parts: FetchOriginalParts) {
    this.#parts = parts;
  }

  isOurs(link: string): boolean {
    return link.startsWith(`${this.#parts.publicUrl}/`);
  }

  /** Throws `message-missing` when it is not there (any more), `not-allowed` when it is confidential, `busy` when it cannot be had now. */
  async get(access: NotificationAccess, signal: AbortSignal): Promise<FetchedBytes> {
    if (this.isOurs(access.link)) return await this.#getOwn(access);
    const answer = await this.#ask(access.link, 'POST', signal);
    if (answer.statusCode === 200) return { bytes: answer, checkedHere: false };
    throw await this.#refusal(answer);
  }

  /** It is not needed there any longer. `kept`: by its sender's policy it stays there all the same. Throws when nobody says so. */
  async remove(access: NotificationAccess, signal: AbortSignal): Promise<'deleted' | 'kept'> {
    if (this.isOurs(access.link)) {
      const found = await this.#parts.pickUp.open(access.userId, access.password, OURSELVES);
      if (found.kind === 'gone') return 'deleted';
      if (found.kind === 'confidential') return 'kept';
      using mail = found.mail;
      return await mail.delete();
    }
    const answer = await this.#ask(access.link, 'DELETE', signal);
    const { statusCode = 0 } = answer;
    const said = await beginningOf(answer);
    if ((statusCode < 200 || statusCode > 299) && statusCode !== 410)
      throw new Error(`it was answered with ${statusCode}`);
    return said.includes('"outcome":"kept"') ? 'kept' : 'deleted';
  }

  /** Asks for one that was deleted, and reads no more of it than it must: is it gone, still the same, or is something else there? Throws
   * `busy` when that cannot be seen now. */
  async again({ link, size, digest }: NotificationAccess, signal: AbortSignal): Promise<'gone' | 'same' | 'other'> {
    const answer = await this.#ask(link, 'POST', signal);
    const { statusCode = 0, headers } = answer;
    if (statusCode === 404 || statusCode === 410) {
      answer.destroy();
      return 'gone';
    }
    if (statusCode !== 200) throw await this.#refusal(answer);
    try {
      if (size > MOST_AGAIN) return headers['content-length'] === String(size) ? 'same' : 'other';
      const hash = createHash('sha256');
      let left = size;
      for await (const piece of answer as AsyncIterable<Buffer>) {
        if ((left -= piece.length) < 0) return 'other';
        hash.update(piece);
      }
      return left === 0 && hash.digest('hex') === digest ? 'same' : 'other';
    } catch (error) {
      throw new MailError('busy', 'temporary', 'what was answered broke off', { cause: error });
    } finally {
      answer.destroy();
    }
  }

  async #getOwn({ userId, password }: NotificationAccess): Promise<FetchedBytes> {
    const found = await this.#parts.pickUp.open(userId, password, OURSELVES).catch((error: unknown) => {
      throw error instanceof MailError && error.code === 'auth-failed' ? missing('unknown') : error;
    });
    if (found.kind === 'gone') throw missing(found.state);
    if (found.kind === 'confidential') throw new MailError('not-allowed', 'user', PAGE_ONLY);
    const { mail } = found;
    try {
      const bytes = ownBytes(mail, handedOut(mail, await mail.content(), 'fetch').stream());
      return { bytes, checkedHere: mail.atGateway };
    } catch (error) {
      mail[Symbol.dispose]();
      throw error;
    }
  }

  async #ask(link: string, method: string, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(link);
    if (url.protocol !== 'https:' && !this.#parts.privateAddresses)
      throw new MailError('not-allowed', 'user', 'originals are fetched over TLS');
    const headers = { accept: 'message/rfc822', 'user-agent': 'Pabal-Downmail', 'content-length': 0 };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    try {
      const asked = await publicRequest(url, { method, headers }, this.#parts, signal);
      asked.on('error', reject).on('response', resolve);
      asked.setTimeout(SILENCE_MS, () => asked.destroy(new Error('nothing came for too long')));
      asked.end();
      return await promise;
    } catch (error) {
      throw new MailError('busy', 'temporary', `${url.hostname} cannot be asked`, { cause: error });
    }
  }

  async #refusal(answer: IncomingMessage): Promise<MailError> {
    const { statusCode = 0 } = answer;
    const state = /"detail":"(fetched|expired|recalled|confidential)"/.exec(await beginningOf(answer))?.[1];
    if (statusCode === 403 && state === 'confidential') return new MailError('not-allowed', 'user', PAGE_ONLY);
    if (statusCode === 404 || statusCode === 410) return missing(state ?? 'unknown');
    return new MailError('busy', 'temporary', `it was answered with ${statusCode}`);
  }
}

const OURSELVES = { protocol: 'fetch', remote: '127.0.0.1' } as const;

async function* ownBytes(mail: Disposable, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  using _open = mail;
  yield* pieces;
}

async function beginningOf(answer: IncomingMessage): Promise<string> {
  let said = '';
  try {
    for await (const piece of answer) {
      said += String(piece);
      if (said.length > MOST_ANSWER) break;
    }
  } catch {
    // The status says enough.
  }
  answer.destroy();
  return said;
}

/** `state`: for who is told, in a word. */
function missing(state: string): MailError {
  return new MailError('message-missing', 'user', `the original is not there: ${state}`);
}
