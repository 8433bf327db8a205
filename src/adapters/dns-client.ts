/**
 * Questions to recursive DNS servers (RFC 1035, RFC 7766): UDP, TCP when the answer is cut, several servers and tries, one
 * deadline over all. Unlike the system's resolver it tells whether an answer was validated (the AD bit, RFC 6840 §5.7).
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { isIPv6 } from 'node:net';
import dnsPacket from 'dns-packet';
import type { Packet, Question } from 'dns-packet';

export interface DnsServer {
  readonly host: string;
  readonly port: number;
}

export interface DnsRecord extends Question {
  /** Seconds. */
  readonly ttl: number;
  readonly data: unknown;
}

export interface DnsReply {
  readonly rcode: number;
  readonly records: readonly DnsRecord[];
  /** The server says that it has validated all of it. */
  readonly validated: boolean;
}

export const RCODE = { ok: 0, formatError: 1, serverFailure: 2, nxdomain: 3 } as const;

/** What no fragment of a UDP packet is needed for (RFC 9715). */
const UDP_PAYLOAD = 1232;
const RCODE_MASK = 0x0f;

/** One question to one server; rejects when no good answer comes before the signal. */
export async function askServer(server: DnsServer, question: Question, signal: AbortSignal): Promise<DnsReply> {
  const reply = await askOnce(server, question, signal, true);
  // A server from before EDNS (RFC 6891 §7).
  return reply.rcode === RCODE.formatError ? askOnce(server, question, signal, false) : reply;
}

async function askOnce(server: DnsServer, question: Question, signal: AbortSignal, edns: boolean): Promise<DnsReply> {
  const id = randomInt(0x1_0000);
  const query = dnsPacket.encode({
    type: 'query',
    id,
    flags: dnsPacket.RECURSION_DESIRED | dnsPacket.AUTHENTIC_DATA,
    questions: [question],
    additionals: edns ? [{ name: '.', type: 'OPT', udpPayloadSize: UDP_PAYLOAD, flags: 0, options: [] }] : [],
  });
  const accept = (bytes: Uint8Array): Decoded | undefined => answerTo(bytes, id, question);
  const reply = await overUdp(server, query, accept, signal);
  return toReply(reply.flag_tc ? await overTcp(server, query, accept, signal) : reply);
}

type Decoded = ReturnType<typeof dnsPacket.decode>;

/** Undefined when it is no answer to this question: forged, late, or nonsense. */
function answerTo(bytes: Uint8Array, id: number, question: Question): Decoded | undefined {
  try {
    const packet = dnsPacket.decode(bytes);
    const [asked] = packet.questions;
    const same =
      packet.type === 'response' &&
      packet.id === id &&
      asked?.type === question.type &&
      asked.name.toLowerCase() === question.name.toLowerCase();
    return same ? packet : undefined;
  } catch {
    return undefined;
  }
}

function toReply(packet: Packet): DnsReply {
  return {
    rcode: packet.flags & RCODE_MASK,
    records: (packet.answers ?? []).map(({ name, type, ttl, data }) => ({ name, type, ttl: ttl ?? 0, data })),
    validated: (packet.flags & dnsPacket.AUTHENTIC_DATA) !== 0,
  };
}

/** A socket, and with it a port, for each question: whoever forges an answer must guess both. */
function overUdp(
  { host, port }: DnsServer,
  query: Buffer,
  accept: (bytes: Uint8Array) => Decoded | undefined,
  signal: AbortSignal,
): Promise<Decoded> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    const end = (): void => {
      signal.removeEventListener('abort', abort);
      socket.close();
    };
    const abort = (): void => {
      end();
      reject(signal.reason as Error);
    };
    const fail = (error: Error): void => {
      end();
      reject(error);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', fail);
    socket.on('message', (bytes) => {
      const packet = accept(bytes);
      if (packet === undefined) return;
      end();
      resolve(packet);
    });
    // Connected: the system drops what comes from anywhere else, and tells when nothing listens there.
    socket.connect(port, host, () => {
      if (!signal.aborted) socket.send(query);
    });
  });
}

function overTcp(
  { host, port }: DnsServer,
  query: Buffer,
  accept: (bytes: Uint8Array) => Decoded | undefined,
  signal: AbortSignal,
): Promise<Decoded> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    let received: Buffer = Buffer.alloc(0);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the DNS server closed the connection')));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const packet = accept(received.subarray(2, 2 + received.readUInt16BE(0)));
      if (packet === undefined) reject(new Error('the DNS server answered something else'));
      else resolve(packet);
      socket.destroy();
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
  });
}
