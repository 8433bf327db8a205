/**
 * The recipient's side of Downmail: a notification in somebody's mailbox is recognised, and its original fetched when they want it. The
 * original takes the notification's place in one commit; only then is it deleted at its sender.
 */
import { createHash } from 'node:crypto';
import { MailError } from '../mail/error.ts';
import { authorOf, type ReadNotification, readOrigin } from '../mail/downmail/origin.ts';
import { HeaderBlock, MAX_HEADER_BYTES } from '../mail/header.ts';
import type { Body, MailAccount, MailStore, MessageDetails, MessageMeta, MsgId, Placed } from '../mailstore/api.ts';
import type { ScannedMail } from '../ports/scanner.ts';
import type { Clock } from '../ports/clock.ts';
import { withoutForgedResults } from '../intake/authentication/forged.ts';
import type { FetchedOriginals } from './fetched-originals.ts';
import type { FetchOriginal } from './fetch-original.ts';
import { PAGE_ONLY } from './gone.ts';

/** What may be fetched without its owner being asked each time: nothing; what is proven to come from people they know; whatever is proven. */
export const AUTOMATIC_FETCH = ['never', 'known', 'proven'] as const;
export type AutomaticFetch = (typeof AUTOMATIC_FETCH)[number];

const SETTING = ['settings', 'originals'] as const;
const DAY = 86_400_000;
/** Bytes of a notification's header that are looked at; composed ones have 8 KiB, and the way of a mail adds some. */
const HEADER_BYTES = 64 << 10;

export async function automaticFetch(account: Pick<MailAccount, 'record'>): Promise<AutomaticFetch> {
  return (await account.record<AutomaticFetch>(...SETTING)) ?? 'never';
}

export async function putAutomaticFetch(account: Pick<MailAccount, 'putRecord'>, value: AutomaticFetch): Promise<void> {
  await account.putRecord(...SETTING, value);
}

export interface OriginalsParts {
  readonly store: Pick<MailStore, 'stage' | 'written'>;
  readonly fetch: Pick<FetchOriginal, 'isOurs' | 'get'>;
  readonly afterwards: Pick<FetchedOriginals, 'recordOf' | 'expect' | 'remove'>;
  /** Throws `infected`, `scanner-down`; absent: nothing is looked for. */
  readonly check?: (
    content: { readonly details: MessageDetails; readonly body: Body },
    mail: ScannedMail,
  ) => Promise<void>; // prettier-ignore
  readonly clock: Clock;
  /** Under which we write Authentication-Results. */
  readonly hostname: string;
  /** Domain of the gateway to which this service hands originals over; '' when there is none elsewhere. */
  readonly gateway?: string;
  /** Bytes of a message that is taken. */
  readonly messageSize: number;
}

export class Originals {
  readonly #parts: OriginalsParts;

  constructor(parts: OriginalsParts) {
    this.#parts = parts;
  }

  /** Undefined when the message is no notification. */
  async read({
    details,
    body,
  }: {
    readonly details: MessageDetails;
    readonly body: Body;
  }): Promise<ReadNotification | undefined> {
    const end = Math.min(details.structure.bodyStart, HEADER_BYTES);
    const header = HeaderBlock.parse(await body.bytes(0, end));
    const read = readOrigin(header, this.#parts.hostname);
    // Mail that was made here went through nobody else's hands: what it says of this service is checked by asking it.
    return read?.origin === 'unchecked' && !this.#parts.fetch.isOurs(read.access.link) ? undefined : read;
  }

  /**
   * Fetches the original of a notification. `host`: where its owner knows it is kept, for one that leads away from its author's domain. Throws
   * `message-missing` (also when it is no notification), `not-allowed` for what is not proven or is confidential, `conflict` for an original that is not
   * the one that was told of, `gone`-like answers of the other side as `message-missing`, `busy` when nobody answers, `too-large`, `over-quota`, `infected`.
   */
  async fetch(
    account: MailAccount,
    id: MsgId,
    { host, signal }: { readonly host?: string; readonly signal: AbortSignal },
  ): Promise<Placed> {
    const { meta, details, body } = await account.getMessage(id);
    const read = await this.read({ details, body });
    if (read === undefined) throw new MailError('message-missing', 'user', 'the message is no notification');
    if (read.access.confidential) throw new MailError('not-allowed', 'user', PAGE_ONLY);
    this.#allow(read, host);
    const { size } = read.access;
    if (size > this.#parts.messageSize) throw new MailError('too-large', 'user', `an original of ${size} bytes`);
    const { used, limit } = account.quota();
    if (limit !== undefined && used - meta.size + size > limit)
      throw new MailError('over-quota', 'user', `${used} of ${limit} bytes are used, ${size} more do not fit`);
    const notification = HeaderBlock.parse(await body.bytes(0, Math.min(details.structure.bodyStart, HEADER_BYTES)));
    const placed = await this.#take(account, meta, read, notification, signal);
    await this.#parts.afterwards.remove(account, placed.email, signal);
    return placed;
  }

  #allow({ origin, host: kept }: ReadNotification, host: string | undefined): void {
    if (origin === 'proven' || origin === 'unchecked') return;
    if (origin === 'unproven') throw new MailError('not-allowed', 'user', 'nothing proves who wrote the notification');
    const { gateway = '' } = this.#parts;
    if (origin === 'gateway' && gateway !== '' && (kept === gateway || kept.endsWith(`.${gateway}`))) return;
    if (host?.toLowerCase() !== kept)
      throw new MailError('not-allowed', 'user', `the original is kept at ${kept}: that must be confirmed`);
  }

  async #take(
    account: MailAccount,
    meta: MessageMeta,
    read: ReadNotification,
    notification: HeaderBlock,
    signal: AbortSignal,
  ): Promise<Placed> {
    const { store, clock, hostname, check, afterwards } = this.#parts;
    const { access, author, host } = read;
    const digest = createHash('sha256');
    let seen = '';
    const prefix = tracesOf(notification, host, hostname, new Date(clock.now()));
    const { bytes, checkedHere } = await this.#parts.fetch.get(access, signal);
    // Nobody else writes results in our name; those in a mail that came to our own gateway are ours.
    const clean = (head: Buffer, header: HeaderBlock): Buffer => {
      seen = authorOf(header);
      return checkedHere ? head : withoutForgedResults(head, header, hostname);
    };
    const original = withHeader(measured(bytes, access.size, digest), clean);
    const [staged] = await store.stage([{ account: account.id, prefix }], original);
    if (staged === undefined) throw new MailError('bug', 'bug', 'nothing was staged');
    if (digest.digest('hex') !== access.digest)
      throw new MailError('conflict', 'user', 'the original was changed after its notification was sent');
    if (seen !== author)
      throw new MailError('conflict', 'user', `the original says it is by ${seen}, its notification by ${author}`);
    const content = await account.staged(staged);
    await check?.(content, {
      sender: author,
      recipients: [],
      id: staged.email,
      size: content.body.size,
      stream: () => content.body.stream(),
    });
    await store.written([staged]);
    const deliveryId = `${Math.floor(clock.now() / DAY)}-original-${meta.email}`;
    await afterwards.expect(account, staged.email);
    const records = [afterwards.recordOf(read)];
    return await account.publish(staged, { folder: meta.folder, replaces: meta.id, deliveryId, records });
  }
}

/** Exactly as many bytes as were promised. */
async function* measured(
  pieces: AsyncIterable<Uint8Array>,
  size: number,
  digest: { update(piece: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  let left = size;
  for await (const piece of pieces) {
    left -= piece.length;
    if (left < 0) throw new MailError('conflict', 'user', 'the original is larger than its notification says');
    digest.update(piece);
    yield piece;
  }
  if (left > 0) throw new MailError('busy', 'temporary', `${left} bytes of the original did not come`);
}

/** With another beginning, which has the whole header. */
async function* withHeader(
  pieces: AsyncIterable<Uint8Array>,
  change: (head: Buffer, header: HeaderBlock) => Buffer,
): AsyncGenerator<Uint8Array> {
  let held: Buffer | undefined = Buffer.alloc(0);
  const flush = (head: Buffer): Buffer => change(head, HeaderBlock.parse(head));
  for await (const piece of pieces) {
    if (held === undefined) {
      yield piece;
      continue;
    }
    held = Buffer.concat([held, piece]);
    if (!held.includes('\r\n\r\n') && held.length < MAX_HEADER_BYTES) continue;
    yield flush(held);
    held = undefined;
  }
  if (held !== undefined) yield flush(held);
}

const TRACES: ReadonlySet<string> = new Set(['return-path', 'delivered-to', 'authentication-results', 'received']);

/** How the notification came, and from where the original was fetched: what stands above the original in the mailbox. */
function tracesOf(notification: HeaderBlock, host: string, hostname: string, at: Date): Buffer {
  const date = at.toUTCString().replace('GMT', '+0000');
  const traces: Buffer[] = [
    Buffer.from(`Received: from ${host} by ${hostname} with HTTPS (Downmail);\r\n\t${date}\r\n`, 'latin1'),
  ];
  for (const field of notification.fields) {
    // What came before is told by whoever was asked, and proves nothing: only what was written here, on top, is taken along.
    if (!TRACES.has(field.name)) break;
    traces.push(notification.bytesOf(field));
  }
  return Buffer.concat(traces);
}
