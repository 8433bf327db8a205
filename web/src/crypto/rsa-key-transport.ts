/**
 * RSAES-PKCS1-v1_5 (RFC 8017 §7.2.2), which browsers do not have and most S/MIME mail is encrypted with. It runs in the reader's own
 * browser, once for each mail that is opened there: nobody else can ask it anything a million times.
 */
const LONGEST_BITS = 8192;

/** `key` in PKCS #8. Bad padding answers a random key of that length, as what is made of it fails the same way (RFC 3218 §2.3.2). */
export async function rsaDecrypt(
  wrapped: Uint8Array,
  key: Uint8Array<ArrayBuffer>,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const scheme = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('pkcs8', key, scheme, true, ['sign']);
  const jwk = await crypto.subtle.exportKey('jwk', imported);
  const [n, p, q, dp, dq, qi] = [jwk.n, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi].map(numberOf) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const size = Math.ceil(n.toString(16).length / 2);
  const random = crypto.getRandomValues(new Uint8Array(length));
  if (wrapped.length !== size || size * 8 > LONGEST_BITS) return random;
  const sealed = BigInt(`0x${hexOf(wrapped)}`);
  const [a, b] = [power(sealed % p, dp, p), power(sealed % q, dq, q)];
  const opened = b + (((((a - b) * qi) % p) + p) % p) * q;
  const block = bytesOf(opened.toString(16).padStart(size * 2, '0'));
  const zero = size - length - 1;
  const good =
    block[0] === 0 && block[1] === 2 && block[zero] === 0 && zero >= 10 && !block.subarray(2, zero).includes(0);
  return good ? block.slice(zero + 1) : random;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * base) % modulus;
  }
  return result;
}

function numberOf(text = ''): bigint {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return BigInt(`0x${hexOf(Uint8Array.from(plain, (c) => c.charCodeAt(0))) || '0'}`);
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}
