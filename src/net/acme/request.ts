/** What a certificate is asked for with (PKCS #10, RFC 2986), and how one is named when it is renewed (RFC 9773 §4.1). */
import { createPublicKey, type KeyObject, sign, type X509Certificate } from 'node:crypto';

const SUBJECT_ALT_NAME = Buffer.from('0603551d11', 'hex');
const EXTENSION_REQUEST = Buffer.from('06092a864886f70d01090e', 'hex');
const ECDSA_WITH_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex');
/** The object identifier of authorityKeyIdentifier, then the tag of what it holds. */
const AUTHORITY_KEY = Buffer.from('0603551d2304', 'hex');

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;
const SET = 0x31;
const DNS_NAME = 0x82;
const ATTRIBUTES = 0xa0;

/** DER, for the hosts; `key` is of the curve P-256. */
export function certificateRequest(hosts: readonly string[], key: KeyObject): Buffer {
  const names = der(SEQUENCE, ...hosts.map((host) => der(DNS_NAME, Buffer.from(host, 'ascii'))));
  const extensions = der(SEQUENCE, der(SEQUENCE, SUBJECT_ALT_NAME, der(OCTET_STRING, names)));
  const info = der(
    SEQUENCE,
    der(INTEGER, Buffer.of(0)),
    // No subject: what counts are the names.
    der(SEQUENCE),
    createPublicKey(key).export({ format: 'der', type: 'spki' }),
    der(ATTRIBUTES, der(SEQUENCE, EXTENSION_REQUEST, der(SET, extensions))),
  );
  const signature = sign('sha256', info, key);
  return der(SEQUENCE, info, der(SEQUENCE, ECDSA_WITH_SHA256), der(BIT_STRING, Buffer.of(0), signature));
}

/** Undefined when the certificate does not say who signed it. */
export function renewalName({ raw, serialNumber }: X509Certificate): string | undefined {
  const at = raw.indexOf(AUTHORITY_KEY);
  if (at === -1) return undefined;
  // OCTET STRING, SEQUENCE, keyIdentifier [0]: each with a length of one byte.
  const inner = raw.subarray(at + AUTHORITY_KEY.length + 1);
  const length = inner[3] ?? 0;
  if (inner[0] !== SEQUENCE || inner[2] !== 0x80 || length === 0 || length > 64) return undefined;
  const even = serialNumber.length % 2 === 0 ? serialNumber : `0${serialNumber}`;
  const serial = Buffer.from(/^[89a-f]/i.test(even) ? `00${even}` : even, 'hex');
  return `${inner.subarray(4, 4 + length).toString('base64url')}.${serial.toString('base64url')}`;
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const { length } = Buffer.concat(contents);
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), ...contents]);
}
