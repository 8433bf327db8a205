/** DKIM signatures (RFC 6376, RFC 8463) and the ARC chain (RFC 8617) of a mail that goes by in pieces. */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { HeaderBlock } from '../../mail/header.ts';
import { LineWatch, unsignableHeader } from '../../mail/signable.ts';
import type { DnsLookup } from './dns.ts';
import type { Authentication, AuthResult, DkimResult } from './results.ts';

export interface Signatures {
  readonly dkim: readonly DkimResult[];
  readonly arc: Authentication['arc'];
}

/** Each costs a hash over the whole body: more than a few nobody needs. */
const MOST_SIGNATURES = 5;
const PIECE = 16 << 10;

const NO_SIGNATURE: DkimResult = { result: 'none', domain: '', selector: '', algorithm: '', signature: '' };
const NO_CHAIN: Authentication['arc'] = { result: 'none', instance: 0, sealer: '', claims: '' };

export interface SignatureCheck {
  /** The mail, from the first byte of `head`. Resolves when the next piece may come. */
  push(piece: Uint8Array): Promise<void>;
  end(): Promise<Signatures>;
  /** There will be no end. */
  abort(): void;
}

/** `dns` is asked only after the end; `now` in milliseconds. `head` begins with the whole header block. */
export function checkSignatures(header: HeaderBlock, dns: DnsLookup, now: number): SignatureCheck {
  const signed = header.fields.some(({ name }) => name === 'dkim-signature');
  const sealed = header.fields.some(({ name }) => name.startsWith('arc-'));
  if (!signed && !sealed) return fixed({ dkim: [NO_SIGNATURE], arc: NO_CHAIN });
  const problem = unsignableHeader(header);
  if (problem !== undefined) return fixed(unreadable(signed, sealed, problem));
  return new RunningCheck(header, signed, sealed, dns, now);
}

function fixed(signatures: Signatures): SignatureCheck {
  return { push: async () => undefined, end: async () => signatures, abort: () => undefined };
}

function unreadable(signed: boolean, sealed: boolean, reason: string): Signatures {
  return {
    dkim: [signed ? { ...NO_SIGNATURE, result: 'permerror', reason } : NO_SIGNATURE],
    arc: sealed ? { ...NO_CHAIN, result: 'fail', reason } : NO_CHAIN,
  };
}

class RunningCheck implements SignatureCheck {
  readonly #signed: boolean;
  readonly #sealed: boolean;
  readonly #input = new PassThrough({ highWaterMark: PIECE });
  readonly #watch = new LineWatch();
  readonly #verified: Promise<Signatures>;
  /** Bytes of the header that are still to come, and are replaced by `#header`. */
  #skip: number;
  #sent = 0;

  constructor(header: HeaderBlock, signed: boolean, sealed: boolean, dns: DnsLookup, now: number) {
    this.#signed = signed;
    this.#sealed = sealed;
    this.#skip = header.text.length;
    this.#input.write(withFewSignatures(header));
    this.#verified = verify(this.#input, dns, now);
    this.#verified.catch(() => undefined);
  }

  async push(piece: Uint8Array): Promise<void> {
    const skipped = Math.min(this.#skip, piece.length);
    this.#skip -= skipped;
    for (let at = skipped; at < piece.length && !this.#watch.exceeded; at += PIECE) {
      const some = piece.subarray(at, at + PIECE);
      this.#watch.push(some);
      if (this.#watch.exceeded) return this.abort();
      this.#sent += some.length;
      if (!this.#input.write(some))
        await Promise.race([once(this.#input, 'drain'), this.#verified.catch(() => undefined)]);
      // Hashing is work: others get their turn in between.
      if (this.#sent > PIECE) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async end(): Promise<Signatures> {
    if (this.#watch.exceeded)
      return unreadable(this.#signed, this.#sealed, 'a line is too long, or there are too many empty ones');
    this.#input.end();
    try {
      return await this.#verified;
    } catch {
      return unreadable(this.#signed, this.#sealed, 'it cannot be read');
    }
  }

  abort(): void {
    this.#input.destroy();
  }
}

/** As received, without the signatures that are too many; those on top are the latest. */
function withFewSignatures(header: HeaderBlock): Buffer {
  const spare = header.fields.filter(({ name }) => name === 'dkim-signature').slice(MOST_SIGNATURES);
  let text = '';
  let from = 0;
  for (const { start, end } of spare) {
    text += header.text.slice(from, start);
    from = end;
  }
  return Buffer.from(text + header.text.slice(from), 'latin1');
}

async function verify(input: PassThrough, resolver: DnsLookup, now: number): Promise<Signatures> {
  // Not loaded before there is something to verify.
  const [{ dkimVerify }, { arc }] = await Promise.all([
    import('mailauth/lib/dkim/verify.js'),
    import('mailauth/lib/arc/index.js'),
  ]);
  const failed = new Promise<never>((_resolve, reject) => {
    input.once('close', () => {
      if (!input.readableEnded) reject(new Error('the mail was not read to its end'));
    });
  });
  failed.catch(() => undefined);
  const found = await Promise.race([dkimVerify(input, { resolver, strict: true, curTime: new Date(now) }), failed]);
  const dkim = found.results.map(
    (one): DkimResult => ({
      result: one.status.result as AuthResult,
      domain: (one.signingDomain ?? '').toLowerCase(),
      selector: one.selector ?? '',
      algorithm: one.algo ?? '',
      signature: (one.signature ?? '').slice(0, 8),
      ...(typeof one.status.comment === 'string' && { reason: one.status.comment }),
      ...(one.status.underSized !== undefined && one.status.underSized > 0 && { uncovered: one.status.underSized }),
    }),
  );
  return { dkim: dkim.length > 0 ? dkim : [NO_SIGNATURE], arc: await chain(found, arc, resolver) };
}

type Found = Awaited<ReturnType<typeof import('mailauth/lib/dkim/verify.js').dkimVerify>>;
/** What the one function answers is what the other takes; only their types disagree. */
type ArcData = Parameters<CheckArc>[0];
type CheckArc = typeof import('mailauth/lib/arc/index.js').arc;

async function chain(found: Found, arc: CheckArc, resolver: DnsLookup): Promise<Authentication['arc']> {
  if (found.arc === undefined) return NO_CHAIN;
  const { status, i, signature, authenticationResults } = await arc(found.arc as ArcData, { resolver, strict: true });
  const claimed = (authenticationResults?.['dmarc'] as { result?: unknown } | undefined)?.result;
  return {
    result: status.result as AuthResult,
    instance: i === false ? 0 : i,
    sealer: (signature === false ? undefined : signature?.signingDomain)?.toLowerCase() ?? '',
    claims: typeof claimed === 'string' ? claimed.toLowerCase() : '',
    ...(status.result === 'fail' && typeof status.comment === 'string' && { reason: status.comment }),
  };
}
