/** What ties a sign-in to the TLS connection that it came over: nobody in between can pass it on. */
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export const CHANNEL_BINDINGS = ['tls-exporter', 'tls-server-end-point'] as const;
export type ChannelBindingType = (typeof CHANNEL_BINDINGS)[number];

/** Undefined where the connection has none of this type. */
export function channelBinding(socket: Socket, type: ChannelBindingType): Buffer | undefined {
  if (!(socket instanceof TLSSocket) || socket.destroyed) return undefined;
  return type === 'tls-exporter' ? exporter(socket) : serverEndPoint(socket);
}

/** RFC 9266. With TLS 1.2 it is safe only together with the extended master secret, of which Node does not tell. */
function exporter(socket: TLSSocket): Buffer | undefined {
  if (socket.getProtocol() !== 'TLSv1.3') return undefined;
  return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
}

/** RFC 5929 §4.1. Undefined for signatures that name no hash, such as Ed25519. */
function serverEndPoint(socket: TLSSocket): Buffer | undefined {
  const certificate = socket.getX509Certificate();
  const bits = /sha-?(1|224|256|384|512)|md5/i.exec(certificate?.signatureAlgorithm ?? '');
  if (certificate === undefined || bits === null) return undefined;
  const hash = bits[1] === undefined || bits[1] === '1' ? 'sha256' : `sha${bits[1]}`;
  return createHash(hash).update(certificate.raw).digest();
}

/** E.g. `TLSv1.3 TLS_AES_256_GCM_SHA384`; '' on a plain connection. */
export function cipherOf(socket: Socket): string {
  if (!(socket instanceof TLSSocket)) return '';
  return `${socket.getProtocol() ?? ''} ${socket.getCipher()?.standardName ?? ''}`;
}
