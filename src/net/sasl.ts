/** SASL (RFC 4422) as the line protocols share it: SCRAM-SHA-256 with and without channel binding, bearer tokens, PLAIN (RFC 4616) and LOGIN. */
import type { ChannelBindingType } from './channel-binding.ts';
import { CHANNEL_BINDINGS } from './channel-binding.ts';
import { type BearerMechanism, type BearerOutcome, bearerRefusal, parseBearer } from './sasl-bearer.ts';
import { SaslError, saslDecode, saslValue } from './sasl-error.ts';
import { type ClientFirst, parseClientFinal, parseClientFirst, type ScramOffer } from './scram.ts';

/** The mechanisms that show the server a secret. */
export type OpenMechanism = 'PLAIN' | 'LOGIN' | BearerMechanism;
export type SaslMechanism = 'SCRAM-SHA-256-PLUS' | 'SCRAM-SHA-256' | OpenMechanism;

/** Longest base64 line of a client's answer (RFC 4954 §4 asks for 12,288 to be bearable; what we offer needs less). */
export const SASL_LINE_LIMIT = 12_288;

/** Sends a challenge (base64, may be '') in the protocol's own form and reads the client's line, without its CRLF. */
export type SaslExchange = (challenge: string) => Uint8Array | Promise<Uint8Array>;

/** What the connection knows of itself. */
export interface SaslChannel {
  /** Undefined: it has none of this type. */
  channelBinding(type: ChannelBindingType): Uint8Array | undefined;
}

/** Whose sign-in it is. `T`: whatever the session needs to go on; nothing is opened before the exchange is over. */
export interface SaslDoor<T> {
  readonly channel: SaslChannel;
  /** What is offered here. */
  readonly mechanisms: readonly SaslMechanism[];
  password(address: string, password: string): Promise<T>;
  scram(address: string): Promise<ScramOffer<T>>;
  /** Where tokens do: with mechanisms that bring them. */
  readonly tokens?: TokenDoor<T>;
}

export interface TokenDoor<T> {
  /** What a token has to be good for. */
  readonly scope: string;
  /** `address` undefined: whoever the token is of. */
  open(token: string, address: string | undefined): Promise<BearerOutcome<T>>;
}

export interface SaslOutcome<T> {
  readonly who: T;
  /** What the server says last (base64), for the protocol's word of success or a challenge of its own (`saslFinish`). */
  readonly last?: string;
}

/** The strongest first. */
export function saslMechanisms(channel: SaslChannel, open: readonly OpenMechanism[]): readonly SaslMechanism[] {
  return [...(hasBinding(channel) ? (['SCRAM-SHA-256-PLUS'] as const) : []), 'SCRAM-SHA-256', ...open];
}

/** Whether SCRAM-SHA-256-PLUS is possible. */
export function hasBinding(channel: SaslChannel): boolean {
  return CHANNEL_BINDINGS.some((type) => channel.channelBinding(type) !== undefined);
}

/**
 * Runs one exchange to its end; throws `SaslError` and what the door throws. `initial` is the initial response as it came, '='
 * standing for an empty one (RFC 4954 §4, RFC 9051 §6.2.2, RFC 5034 §4).
 */
export async function saslSignIn<T>(
  mechanism: string,
  initial: string | undefined,
  exchange: SaslExchange,
  door: SaslDoor<T>,
): Promise<SaslOutcome<T>> {
  const name = door.mechanisms.find((one) => one === mechanism.toUpperCase());
  switch (name) {
    case 'SCRAM-SHA-256-PLUS':
    case 'SCRAM-SHA-256':
      return scram(name, parseClientFirst(await first(initial, exchange)), exchange, door);
    case 'PLAIN': {
      const { address, password } = plain(await first(initial, exchange));
      return { who: await door.password(address, password) };
    }
    case 'OAUTHBEARER':
    case 'XOAUTH2':
      if (door.tokens === undefined) throw new SaslError('unknown-mechanism');
      return { who: await bearer(name, await first(initial, exchange), exchange, door.tokens) };
    case 'LOGIN': {
      const address = saslValue(initial === undefined ? await ask(exchange, 'VXNlcm5hbWU6') : decode(initial));
      return { who: await door.password(address, saslValue(await ask(exchange, 'UGFzc3dvcmQ6'))) };
    }
    case undefined:
      throw new SaslError('unknown-mechanism');
  }
}

/** Says the last word as a challenge, where the protocol's word of success cannot carry it. The client agrees by an empty line. */
export async function saslFinish({ last }: SaslOutcome<unknown>, exchange: SaslExchange): Promise<void> {
  if (last !== undefined && (await ask(exchange, last)).length > 0) throw new SaslError('malformed');
}

async function scram<T>(
  mechanism: 'SCRAM-SHA-256-PLUS' | 'SCRAM-SHA-256',
  client: ClientFirst,
  exchange: SaslExchange,
  door: SaslDoor<T>,
): Promise<SaslOutcome<T>> {
  const binding = bound(mechanism, client, door.channel, door.mechanisms);
  const offer = await door.scram(client.name);
  const { salt, iterations } = offer;
  const nonce = client.nonce + offer.nonce;
  const serverFirst = `r=${nonce},s=${Buffer.from(salt).toString('base64')},i=${iterations}`;
  const final = parseClientFinal(await ask(exchange, Buffer.from(serverFirst).toString('base64')));
  if (final.nonce !== nonce) throw new SaslError('malformed');
  if (!final.binding.equals(binding)) throw new SaslError('binding');
  const { who, signature } = await offer.prove(
    Buffer.from(`${client.bare},${serverFirst},${final.withoutProof}`),
    final.proof,
  );
  const last = `v=${Buffer.from(signature).toString('base64')}`;
  return { who, last: Buffer.from(last).toString('base64') };
}

/** One that is refused hears why, says that it heard, and fails (RFC 7628 §3.2.3). */
async function bearer<T>(
  mechanism: BearerMechanism,
  message: Buffer,
  exchange: SaslExchange,
  door: TokenDoor<T>,
): Promise<T> {
  const { token, address } = parseBearer(mechanism, message);
  const outcome = await door.open(token, address);
  if ('who' in outcome) return outcome.who;
  await exchange(bearerRefusal(mechanism, outcome.refused, door.scope));
  throw outcome.error;
}

/** What the client has to repeat. Throws when somebody between it and us hid a mechanism (RFC 5802 §6). */
function bound(
  mechanism: SaslMechanism,
  { binding, gs2Header }: ClientFirst,
  channel: SaslChannel,
  offered: readonly SaslMechanism[],
): Buffer {
  const plus = mechanism === 'SCRAM-SHA-256-PLUS';
  if (plus !== (typeof binding === 'object')) throw new SaslError('malformed');
  if (binding === 'y' && offered.includes('SCRAM-SHA-256-PLUS')) throw new SaslError('binding');
  if (typeof binding === 'string') return Buffer.from(gs2Header);
  const type = CHANNEL_BINDINGS.find((one) => one === binding.type);
  const data = type && channel.channelBinding(type);
  if (data === undefined) throw new SaslError('binding');
  return Buffer.concat([Buffer.from(gs2Header), data]);
}

/** Of a mechanism in which the client begins. */
async function first(initial: string | undefined, exchange: SaslExchange): Promise<Buffer> {
  return initial === undefined ? ask(exchange, '') : decode(initial === '=' ? '' : initial);
}

async function ask(exchange: SaslExchange, challenge: string): Promise<Buffer> {
  const line = await exchange(challenge);
  if (line.length > SASL_LINE_LIMIT) throw new SaslError('too-long');
  return decode(Buffer.from(line.buffer, line.byteOffset, line.length).toString('latin1'));
}

function decode(text: string): Buffer {
  if (text === '*') throw new SaslError('aborted');
  if (text.length > SASL_LINE_LIMIT) throw new SaslError('too-long');
  return saslDecode(text);
}

function plain(message: Buffer): { readonly address: string; readonly password: string } {
  const firstNul = message.indexOf(0);
  const second = message.indexOf(0, firstNul + 1);
  if (firstNul === -1 || second === -1 || message.indexOf(0, second + 1) !== -1) throw new SaslError('malformed');
  const authorize = message.subarray(0, firstNul);
  const address = saslValue(message.subarray(firstNul + 1, second));
  // Nobody acts for somebody else (yet); a client that repeats its own name means nothing by it.
  if (authorize.length > 0 && saslValue(authorize) !== address) throw new SaslError('malformed');
  return { address, password: saslValue(message.subarray(second + 1)) };
}
