/** S/MIME (RFC 8551): who has signed a mail and whether it is as it was, and what an encrypted one says. */
import { fromBER, type OctetString } from 'asn1js';
import {
  AuthenticatedSafe,
  type CertBag,
  Certificate,
  ContentInfo,
  EnvelopedData,
  IssuerAndSerialNumber,
  KeyTransRecipientInfo,
  type PKCS8ShroudedKeyBag,
  type PrivateKeyInfo,
  PFX,
  SignedData,
} from 'pkijs';
import { type Entity, entityOf } from './entity.ts';
import { rsaDecrypt } from './rsa-key-transport.ts';

/** A certificate and its private key, PKCS #8. */
export interface OwnKey {
  readonly certificate: Certificate;
  readonly key: Uint8Array<ArrayBuffer>;
}

export interface Signer {
  readonly name: string;
  /** In lower case. */
  readonly addresses: readonly string[];
  readonly issuer: string;
  readonly validTo: Date;
}

/** `whole`: it is as it was signed. `changed`: it is not. `unreadable`: nobody can tell. */
export interface Signature {
  readonly state: 'whole' | 'changed' | 'unreadable';
  readonly signer: Signer | undefined;
}

export interface Opened {
  /** What may be shown. */
  readonly content: Entity;
  readonly encrypted: boolean;
  readonly signature: Signature | undefined;
}

/** Why an encrypted mail, or a file with a key, cannot be opened. */
export class SmimeError extends Error {
  readonly why: 'no-key' | 'wrong-password' | 'unreadable' | 'cipher';
  constructor(why: SmimeError['why']) {
    super(why);
    this.why = why;
  }
}

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const ENVELOPED_DATA = '1.2.840.113549.1.7.3';
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const RSA_OAEP = '1.2.840.113549.1.1.7';
const COMMON_NAME = '2.5.4.3';
const EMAIL_ADDRESS = '1.2.840.113549.1.9.1';
const SUBJECT_ALT_NAME = '2.5.29.17';
const CERT_BAG = '1.2.840.113549.1.12.10.1.3';
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
/** Lengths of keys in bytes. */
const AES_CBC = new Map([
  ['2.16.840.1.101.3.4.1.2', 16],
  ['2.16.840.1.101.3.4.1.22', 24],
  ['2.16.840.1.101.3.4.1.42', 32],
]);
/** Encrypted, in it signed, and perhaps once more. */
const LAYERS = 4;

/**
 * A mail whose outermost part is signed or encrypted; undefined for any other: what is signed somewhere inside says nothing about the
 * rest. Throws `SmimeError`.
 */
export async function open(raw: Uint8Array, own: readonly OwnKey[]): Promise<Opened | undefined> {
  let content = entityOf(raw);
  let encrypted = false;
  let signature: Signature | undefined;
  for (let layer = 0; layer < LAYERS; layer++) {
    const { type, parts } = content;
    if (type === 'multipart/signed') {
      const [signed, proof] = parts;
      // A third part would be shown and is not signed.
      if (parts.length !== 2 || signed === undefined || proof === undefined || !isSignature(proof)) break;
      signature = await verify(proof.body, signed.raw);
      content = signed;
    } else if (isCms(content)) {
      const info = contentInfoOf(content.body);
      if (info?.contentType === ENVELOPED_DATA) {
        content = entityOf(await decrypt(new EnvelopedData({ schema: info.content }), own));
        encrypted = true;
        // What was signed around it was not what it says.
        signature = undefined;
      } else if (info?.contentType === SIGNED_DATA) {
        signature = await verify(content.body);
        const inside = insideOf(info);
        if (inside === undefined) break;
        content = entityOf(inside);
      } else throw new SmimeError('unreadable');
    } else break;
  }
  return encrypted || signature !== undefined ? { content, encrypted, signature } : undefined;
}

function isCms({ type }: Entity): boolean {
  return /^application\/(?:x-)?pkcs7-mime$/.test(type);
}
function isSignature({ type }: Entity): boolean {
  return /^application\/(?:x-)?pkcs7-signature$/.test(type);
}

function contentInfoOf(der: Uint8Array): ContentInfo | undefined {
  const { offset, result } = fromBER(copyOf(der));
  if (offset === -1) return undefined;
  try {
    return new ContentInfo({ schema: result });
  } catch {
    return undefined;
  }
}

/** `signed` absent: it is inside. */
async function verify(der: Uint8Array, signed?: Uint8Array): Promise<Signature> {
  let signer: Signer | undefined;
  try {
    const info = contentInfoOf(der);
    if (info?.contentType !== SIGNED_DATA) return { state: 'unreadable', signer };
    const data = new SignedData({ schema: info.content });
    const result = await data
      .verify({ signer: 0, checkChain: false, extendedMode: true, ...(signed && { data: copyOf(signed).buffer }) })
      .catch(
        (error: unknown) => error as { signatureVerified?: boolean | null; signerCertificate?: Certificate | null },
      );
    if (result.signerCertificate) signer = signerOf(result.signerCertificate);
    if (result.signatureVerified === true) return { state: 'whole', signer };
    // Without its certificate, or with an algorithm that browsers have not, nobody can tell.
    return { state: result.signerCertificate ? 'changed' : 'unreadable', signer };
  } catch {
    return { state: 'unreadable', signer };
  }
}

function insideOf(info: ContentInfo): Uint8Array | undefined {
  const { eContent } = new SignedData({ schema: info.content }).encapContentInfo;
  return eContent === undefined ? undefined : new Uint8Array(eContent.getValue());
}

function signerOf({ subject, issuer, extensions = [], notAfter }: Certificate): Signer {
  const valueIn = (of: Certificate['subject'], type: string) =>
    of.typesAndValues.flatMap((one) => (one.type === type ? [String(one.value.valueBlock.value)] : []));
  const names = extensions.find(({ extnID }) => extnID === SUBJECT_ALT_NAME)?.parsedValue as
    | { readonly altNames?: readonly { readonly type: number; readonly value: unknown }[] }
    | undefined;
  const listed = (names?.altNames ?? []).flatMap(({ type, value }) => (type === 1 ? [String(value)] : []));
  const addresses = [...listed, ...valueIn(subject, EMAIL_ADDRESS)].map((one) => one.toLowerCase());
  return {
    name: valueIn(subject, COMMON_NAME)[0] ?? addresses[0] ?? '',
    addresses: [...new Set(addresses)],
    issuer: valueIn(issuer, COMMON_NAME)[0] ?? '',
    validTo: notAfter.value,
  };
}

async function decrypt(enveloped: EnvelopedData, own: readonly OwnKey[]): Promise<Uint8Array> {
  const { encryptedContentInfo: sealed, recipientInfos } = enveloped;
  const { algorithmId, algorithmParams } = sealed.contentEncryptionAlgorithm;
  const length = AES_CBC.get(algorithmId);
  if (length === undefined) throw new SmimeError('cipher');
  const iv = new Uint8Array((algorithmParams as OctetString).valueBlock.valueHexView);
  for (const { value } of recipientInfos) {
    if (!(value instanceof KeyTransRecipientInfo) || !(value.rid instanceof IssuerAndSerialNumber)) continue;
    const { issuer, serialNumber } = value.rid;
    const mine = own.find(
      ({ certificate }) => certificate.issuer.isEqual(issuer) && certificate.serialNumber.isEqual(serialNumber),
    );
    if (mine === undefined) continue;
    const wrapped = new Uint8Array(value.encryptedKey.valueBlock.valueHexView);
    const secret = await unwrap(value.keyEncryptionAlgorithm.algorithmId, wrapped, mine.key, length);
    try {
      const key = await crypto.subtle.importKey('raw', secret, 'AES-CBC', false, ['decrypt']);
      return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, key, sealed.getEncryptedContent()));
    } catch {
      throw new SmimeError('unreadable');
    }
  }
  throw new SmimeError('no-key');
}

async function unwrap(
  algorithm: string,
  wrapped: Uint8Array<ArrayBuffer>,
  key: Uint8Array<ArrayBuffer>,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (algorithm === RSA_ENCRYPTION) return await rsaDecrypt(wrapped, key, length);
  if (algorithm !== RSA_OAEP) throw new SmimeError('cipher');
  const scheme = { name: 'RSA-OAEP', hash: 'SHA-1' };
  try {
    const imported = await crypto.subtle.importKey('pkcs8', key, scheme, false, ['decrypt']);
    return new Uint8Array(await crypto.subtle.decrypt(scheme, imported, wrapped));
  } catch {
    throw new SmimeError('unreadable');
  }
}

/** The certificate and key in a file of PKCS #12 (RFC 7292). Throws `SmimeError`. */
export async function readPfx(file: Uint8Array, password: string): Promise<OwnKey> {
  const { offset, result } = fromBER(copyOf(file));
  if (offset === -1) throw new SmimeError('unreadable');
  const secret = new TextEncoder().encode(password).buffer;
  let safe: AuthenticatedSafe | undefined;
  let pfx: PFX;
  try {
    pfx = new PFX({ schema: result });
  } catch {
    throw new SmimeError('unreadable');
  }
  try {
    await pfx.parseInternalValues({ checkIntegrity: true, password: secret });
    safe = pfx.parsedValue?.authenticatedSafe;
    await safe?.parseInternalValues({ safeContents: (safe.safeContents ?? []).map(() => ({ password: secret })) });
  } catch (error) {
    throw new SmimeError(/integrity|decrypt/i.test(String(error)) ? 'wrong-password' : 'cipher');
  }
  const bags = (
    (safe?.parsedValue as { safeContents?: { value: { safeBags: { bagId: string; bagValue: unknown }[] } }[] })
      ?.safeContents ?? []
  ).flatMap(({ value }) => value.safeBags);
  const shrouded = bags.find(({ bagId }) => bagId === SHROUDED_KEY_BAG)?.bagValue as PKCS8ShroudedKeyBag | undefined;
  if (shrouded === undefined) throw new SmimeError('unreadable');
  try {
    // It has a type of its own that says less than it does.
    await (shrouded as unknown as { parseInternalValues(of: object): Promise<void> }).parseInternalValues({
      password: secret,
    });
  } catch {
    throw new SmimeError('cipher');
  }
  const key = new Uint8Array((shrouded.parsedValue as PrivateKeyInfo).toSchema().toBER());
  const certificates = bags
    .filter(({ bagId }) => bagId === CERT_BAG)
    .map(({ bagValue }) => (bagValue as CertBag).parsedValue)
    .filter((one): one is Certificate => one instanceof Certificate);
  // Those of authorities are there, too: the first one that does not sign itself nor others.
  const certificate = certificates.find(
    (one) => !certificates.some((other) => other !== one && other.issuer.isEqual(one.subject)),
  );
  if (certificate === undefined) throw new SmimeError('unreadable');
  return { certificate, key };
}

/** In a buffer of its own, as the libraries want it. */
function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
