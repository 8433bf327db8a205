/** The logo of a domain (BIMI), and the certificate that vouches for it, as those see them who fetch both. */
import type { IncomingMessage } from 'node:http';
import { LOGO_BYTES, logoFault } from '../mail/brand/svg-logo.ts';
import { certificateFault } from './mark-certificate.ts';
import { publicFetch } from '../net/public-fetch.ts';
import type { PublicRequestOptions } from '../net/public-request.ts';

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

async function fetched(url: string, type: string, most: number, options: PublicRequestOptions): Promise<Buffer> {
  const check = ({ statusCode, headers }: IncomingMessage) => {
    const given = headers['content-type'] ?? '';
    if (statusCode !== 200) throw new Error(`the server answers ${statusCode}`);
    if (type !== '' && given.split(';')[0]?.trim().toLowerCase() !== type)
      throw new Error(`it comes as ${given || 'nothing'}, not ${type}`);
  };
  const wanted = { headers: { accept: type || '*/*' }, most, check };
  return await publicFetch(new URL(url), wanted, options, AbortSignal.timeout(TIMEOUT_MS));
}
