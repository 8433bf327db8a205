/** SASL with a bearer token (RFC 6750): OAUTHBEARER (RFC 7628), and XOAUTH2, which came before it and which mail programs speak. */
import { SaslError, saslText, saslValue } from './sasl-error.ts';

export type BearerMechanism = 'OAUTHBEARER' | 'XOAUTH2';

export type BearerOutcome<T> =
  | { readonly who: T }
  /** `error`: what the protocol says once the client has heard why. */
  | { readonly refused: 'invalid_token' | 'insufficient_scope'; readonly error: Error };

export interface BearerMessage {
  readonly token: string;
  /** Undefined: whoever the token is of. */
  readonly address: string | undefined;
}

/** RFC 6750 §2.1; ours are shorter. */
const TOKEN = /^[A-Za-z0-9._~+/-]{1,1024}=*$/;
const SEPARATOR = '\x01';

/** What the client says. Throws `SaslError`. */
export function parseBearer(mechanism: BearerMechanism, message: Uint8Array): BearerMessage {
  const [head = '', ...pairs] = saslText(message).split(SEPARATOR);
  // It ends with two separators: the last pair's own, and one after all.
  if (pairs.length < 2 || pairs.pop() !== '' || pairs.pop() !== '') throw new SaslError('malformed');
  const address = mechanism === 'OAUTHBEARER' ? gs2Name(head) : userOf(head);
  const values = new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  const [, scheme = '', token = ''] = /^(\w+) +(\S+)$/.exec(values.get('auth') ?? '') ?? [];
  if (scheme.toLowerCase() !== 'bearer' || !TOKEN.test(token)) throw new SaslError('malformed');
  return { token, address };
}

/** Why not, for programs (RFC 7628 §3.2.2; XOAUTH2 says it with the words of HTTP). */
export function bearerRefusal(
  mechanism: BearerMechanism,
  refused: 'invalid_token' | 'insufficient_scope',
  scope: string,
): string {
  const status = refused === 'invalid_token' ? '401' : '403';
  const said = mechanism === 'OAUTHBEARER' ? { status: refused, scope } : { status, schemes: 'bearer', scope };
  return Buffer.from(JSON.stringify(said)).toString('base64');
}

/** The GS2 header (RFC 5801 §4) without channel binding: `n,a=name,`. */
function gs2Name(header: string): string | undefined {
  const [, name] = /^[ny],(?:a=([^,]*))?,$/.exec(header) ?? [];
  if (name !== undefined) return saslValue(Buffer.from(name.replaceAll(/=2C/gi, ',').replaceAll(/=3D/gi, '=')));
  if (!/^[ny],,$/.test(header)) throw new SaslError('malformed');
  return undefined;
}

function userOf(head: string): string {
  if (!head.startsWith('user=')) throw new SaslError('malformed');
  return saslValue(Buffer.from(head.slice('user='.length)));
}
