/** SASL (RFC 4422) as the line protocols share it: PLAIN (RFC 4616) and LOGIN. */

export const SASL_MECHANISMS = ['PLAIN', 'LOGIN'] as const;
export type SaslMechanism = (typeof SASL_MECHANISMS)[number];

/** Longest base64 line of a client's answer (RFC 4954 §4 asks for 12,288 to be bearable; what we offer needs less). */
export const SASL_LINE_LIMIT = 12_288;
/** Longest name or password, decoded. */
const VALUE_LIMIT = 1024;

export type SaslFault = 'aborted' | 'malformed' | 'too-long' | 'unknown-mechanism';

export class SaslError extends Error {
  override readonly name = 'SaslError';
  readonly fault: SaslFault;
  constructor(fault: SaslFault) {
    super(`SASL: ${fault}`);
    this.fault = fault;
  }
}

export interface SaslCredentials {
  readonly address: string;
  readonly password: string;
}

/** Sends a challenge (base64, may be '') in the protocol's own form and reads the client's line, without its CRLF. */
export type SaslExchange = (challenge: string) => Uint8Array | Promise<Uint8Array>;

/**
 * Runs one exchange to its end; throws `SaslError`. `initial` is the initial response as it came, '=' standing for an
 * empty one (RFC 4954 §4, RFC 9051 §6.2.2, RFC 5034 §4). Checking the credentials is the caller's work.
 */
export async function saslCredentials(
  mechanism: string,
  initial: string | undefined,
  exchange: SaslExchange,
): Promise<SaslCredentials> {
  switch (mechanism.toUpperCase()) {
    case 'PLAIN':
      return plain(initial === undefined ? await ask(exchange, '') : decode(initial === '=' ? '' : initial));
    case 'LOGIN': {
      const address = initial === undefined ? await ask(exchange, 'VXNlcm5hbWU6') : decode(initial);
      return { address: value(address), password: value(await ask(exchange, 'UGFzc3dvcmQ6')) };
    }
    default:
      throw new SaslError('unknown-mechanism');
  }
}

async function ask(exchange: SaslExchange, challenge: string): Promise<Buffer> {
  const line = await exchange(challenge);
  if (line.length > SASL_LINE_LIMIT) throw new SaslError('too-long');
  return decode(Buffer.from(line.buffer, line.byteOffset, line.length).toString('latin1'));
}

function decode(text: string): Buffer {
  if (text === '*') throw new SaslError('aborted');
  if (text.length > SASL_LINE_LIMIT) throw new SaslError('too-long');
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new SaslError('malformed');
  return Buffer.from(text, 'base64');
}

function plain(message: Buffer): SaslCredentials {
  const first = message.indexOf(0);
  const second = message.indexOf(0, first + 1);
  if (first === -1 || second === -1 || message.indexOf(0, second + 1) !== -1) throw new SaslError('malformed');
  const authorize = message.subarray(0, first);
  const address = value(message.subarray(first + 1, second));
  // Nobody acts for somebody else (yet); a client that repeats its own name means nothing by it.
  if (authorize.length > 0 && value(authorize) !== address) throw new SaslError('malformed');
  return { address, password: value(message.subarray(second + 1)) };
}

function value(bytes: Buffer): string {
  if (bytes.length > VALUE_LIMIT) throw new SaslError('too-long');
  if (bytes.length === 0 || bytes.includes(0)) throw new SaslError('malformed');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SaslError('malformed');
  }
}
