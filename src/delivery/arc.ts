/**
 * Seals what is passed on (ARC, RFC 8617): the next server may believe what we found out about a mail when it came, although the way over
 * us has broken SPF, and perhaps DKIM. With the RSA key of the domain that passes it on: not every verifier knows Ed25519.
 */
import { Readable } from 'node:stream';
import type { DkimKeys } from '../directory/dkim-keys.ts';
import { authservIdOf, parseAuthenticationResults } from '../mail/authentication-results.ts';
import { HeaderBlock } from '../mail/header.ts';
import { LineWatch, unsignableHeader } from '../mail/signable.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { SIGNED_FIELDS } from './dkim.ts';
import { readHead, watched } from './signed-pieces.ts';

export interface ArcSealerParts {
  readonly keys: Pick<DkimKeys, 'signing'>;
  readonly clock: Clock;
  readonly log: Log;
  /** The name under which we write Authentication-Results. */
  readonly hostname: string;
}

const NOTHING = Buffer.alloc(0);

export class ArcSealer {
  readonly #parts: ArcSealerParts;

  constructor(parts: ArcSealerParts) {
    this.#parts = parts;
  }

  /**
   * The header lines to put in front of this message; empty when nothing was found out about it, when its chain was broken before, or
   * when it is nothing that can be signed. The message goes by once.
   */
  async seal(message: AsyncIterable<Uint8Array>, domain: string): Promise<Buffer> {
    const { keys, clock, log } = this.#parts;
    const pieces = message[Symbol.asyncIterator]();
    try {
      const head = await readHead(pieces);
      const end = head.indexOf('\r\n\r\n');
      const header = HeaderBlock.parse(end < 0 ? head : head.subarray(0, end + 2));
      const found = this.#found(header);
      const key = (await keys.signing(domain)).find(({ algorithm }) => algorithm === 'rsa');
      if (found === undefined || found.chain === 'fail' || key === undefined || unsignableHeader(header))
        return NOTHING;
      const watch = new LineWatch();
      const { createSeal } = await import('mailauth/lib/arc/index.js');
      const { headers, errors } = await createSeal(Readable.from(watched(head, pieces, watch)), {
        strict: true,
        seal: {
          signingDomain: domain,
          selector: key.selector,
          privateKey: key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
          algorithm: 'rsa-sha256',
          canonicalization: 'relaxed/relaxed',
          headerList: [...SIGNED_FIELDS, 'DKIM-Signature'].join(':'),
          signTime: new Date(clock.now()),
          authResults: found.results,
          cv: found.chain,
        },
      });
      const [first] = errors;
      if (watch.exceeded || headers.length === 0) {
        log.warn(
          { domain, reason: first?.err.message ?? 'a line is too long' },
          'a mail is passed on without ARC seal',
        );
        return NOTHING;
      }
      return Buffer.from(`${headers.join('\r\n')}\r\n`, 'latin1');
    } finally {
      await pieces.return?.();
    }
  }

  /** What we said when the mail came, and of the chain that it had. The one on top is the latest; forged ones are removed at intake. */
  #found(header: HeaderBlock): { results: string; chain: 'none' | 'pass' | 'fail' } | undefined {
    const ours = this.#parts.hostname.toLowerCase();
    const results = header.all('authentication-results').find((value) => authservIdOf(value) === ours);
    const parsed = results === undefined ? undefined : parseAuthenticationResults(results);
    if (results === undefined || parsed === undefined) return undefined;
    const said = parsed.results.find(({ method }) => method === 'arc')?.result;
    const chain = said === 'pass' ? 'pass' : said === 'none' ? 'none' : 'fail';
    return { results: foldAtMethods(results), chain };
  }
}

/** An unfolded value as lines of the length that RFC 5322 §2.1.1 allows, as far as its methods do. */
function foldAtMethods(value: string): string {
  return value.replaceAll(/;\s*/g, ';\r\n\t').trim();
}
