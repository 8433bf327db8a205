/** The logo of a domain (BIMI), and the certificate that vouches for it, as those see them who fetch both. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { LOGO_BYTES, logoFault } from '../mail/brand/svg-logo.ts';
import { certificateFault } from './mark-certificate.ts';
import { publicRequest, type PublicRequestOptions } from '../net/public-request.ts';

export interface Brand {
  /** HTTPS. */
  readonly logo: string;
  /** '' for none. */
  readonly certificate: string;
}

export interface BrandFinding {
  readonly what: 'logo' | 'certificate';
  readonly url: string;
  /** 'ok', or what is wrong. */
  readonly found: string;
}

/** A chain, with the logo in it. */
const CERTIFICATE_BYTES = 256 << 10;
/** Whoever waits is a person. */
const TIMEOUT_MS = 10_000;

export async function checkBrand(
  domain: string,
  { logo, certificate }: Brand,
  options: PublicRequestOptions,
  now = new Date(),
): Promise<readonly BrandFinding[]> {
  const svg = await told(() => fetched(logo, 'image/svg+xml', LOGO_BYTES, options));
  const picture = typeof svg === 'string' ? svg : logoFault(svg.toString('utf8'));
  const findings: BrandFinding[] = [{ what: 'logo', url: logo, found: picture ?? 'ok' }];
  if (certificate === '') return findings;
  const pem = await told(() => fetched(certificate, '', CERTIFICATE_BYTES, options));
  const shown = typeof svg === 'string' ? undefined : svg;
  const wrong =
    typeof pem === 'string' ? pem : await certificateFault(pem.toString('latin1'), { domain, logo: shown, now });
  return [...findings, { what: 'certificate', url: certificate, found: wrong ?? 'ok' }];
}

async function told<T>(act: () => Promise<T>): Promise<T | string> {
  try {
    return await act();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function fetched(url: string, type: string, limit: number, options: PublicRequestOptions): Promise<Buffer> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const asked = await publicRequest(
    new URL(url),
    { method: 'GET', headers: { accept: type || '*/*' } },
    options,
    signal,
  );
  asked.end();
  const [answer] = (await once(asked, 'response', { signal })) as [IncomingMessage];
  try {
    const given = answer.headers['content-type'] ?? '';
    if (answer.statusCode !== 200) throw new Error(`the server answers ${answer.statusCode}`);
    if (type !== '' && given.split(';')[0]?.trim().toLowerCase() !== type)
      throw new Error(`it comes as ${given || 'nothing'}, not ${type}`);
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of answer as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > limit) throw new Error(`it has more than ${limit >> 10} KB`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  } finally {
    asked.destroy();
  }
}
