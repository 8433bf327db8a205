export type SaslFault = 'aborted' | 'malformed' | 'too-long' | 'unknown-mechanism' | 'binding';

export class SaslError extends Error {
  override readonly name = 'SaslError';
  readonly fault: SaslFault;
  constructor(fault: SaslFault) {
    super(`SASL: ${fault}`);
    this.fault = fault;
  }
}

/** Longest name or password, decoded, in bytes. */
const SASL_VALUE_LIMIT = 1024;

/** A name or a password. */
export function saslValue(bytes: Uint8Array): string {
  if (bytes.length > SASL_VALUE_LIMIT) throw new SaslError('too-long');
  if (bytes.length === 0 || bytes.includes(0)) throw new SaslError('malformed');
  return saslText(bytes);
}

export function saslText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SaslError('malformed');
  }
}

export function saslDecode(text: string): Buffer {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new SaslError('malformed');
  return Buffer.from(text, 'base64');
}
