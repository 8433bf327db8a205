/**
 * Certificates that vouch for the logo of a domain (VMC and CMC, draft-fetch-validation-vmc-wchuang): a chain of PEM that ends with one of few authorities,
 * with the logo itself inside (RFC 3709, RFC 6170: as gzip in a data URI).
 */
import { X509Certificate } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { logoFault } from '../mail/brand/svg-logo.ts';
import { isCurrent, issued } from '../net/issued.ts';

/** id-kp-BrandIndicatorforMessageIdentification. */
const FOR_LOGOS = '1.3.6.1.5.5.7.3.31';
const MOST_CERTIFICATES = 10;
/** Unpacked; no more than any logo may have is of interest. */
const UNPACKED = 1 << 20;
const DATA = 'data:image/svg+xml;base64,';

export interface Vouching {
  readonly domain: string;
  /** What is shown; undefined: nobody knows. */
  readonly logo: Uint8Array | undefined;
  readonly now: Date;
}

/** Undefined when a known authority vouches with it, now, for this logo of the domain. */
export async function certificateFault(pem: string, { domain, logo, now }: Vouching): Promise<string | undefined> {
  const chain = readChain(pem);
  const [leaf] = chain;
  if (leaf === undefined) return 'it is no certificate';
  const chainWrong = await chainFault(chain, now.getTime());
  if (chainWrong !== undefined) return chainWrong;
  if (!(leaf.keyUsage ?? []).includes(FOR_LOGOS)) return 'it is not one for logos';
  const named = [domain, `default._bimi.${domain}`].some((name) =>
    leaf.checkHost(name, { subject: 'never', wildcards: false }),
  );
  if (!named) return `it does not name ${domain}, but ${(leaf.subjectAltName ?? '').slice(0, 200)}`;
  const inside = logoIn(leaf);
  if (inside === undefined) return 'there is no logo in it';
  const fault = logoFault(inside.toString('utf8'));
  if (fault !== undefined) return `the logo in it: ${fault}`;
  return logo === undefined || inside.equals(logo)
    ? undefined
    : 'it vouches for another logo than the one that is shown';
}

function readChain(pem: string): X509Certificate[] {
  try {
    const blocks = pem.split('-----BEGIN CERTIFICATE-----').slice(1, 1 + MOST_CERTIFICATES);
    return blocks.map((block) => new X509Certificate(`-----BEGIN CERTIFICATE-----${block}`));
  } catch {
    return [];
  }
}

async function chainFault(chain: readonly X509Certificate[], now: number): Promise<string | undefined> {
  const { RootStore } = await import('@postalsys/vmc');
  const roots = RootStore.create().rootCerts;
  if (chain.some((one, i) => i > 0 && !issued(chain[i - 1], one))) return 'its chain does not hold';
  const last = chain.at(-1);
  const root = roots.find((one) => last?.fingerprint512 === one.fingerprint512 || issued(last, one));
  if (root === undefined) return 'no known authority stands behind it';
  return [...chain, root].every((one) => isCurrent(one, now)) ? undefined : 'it, or one behind it, is out of date';
}

/** Where it is in the certificate needs no look at the structure around it: what is signed is signed as a whole. */
function logoIn({ raw }: X509Certificate): Buffer | undefined {
  const at = raw.indexOf(DATA);
  if (at < 0) return undefined;
  let end = at + DATA.length;
  while (end < raw.length && /[A-Za-z0-9+/=]/.test(String.fromCharCode(raw[end]!))) end++;
  try {
    return gunzipSync(Buffer.from(raw.toString('latin1', at + DATA.length, end), 'base64'), {
      maxOutputLength: UNPACKED,
    });
  } catch {
    return undefined;
  }
}
