/** A DNS server on loopback, UDP and TCP, for tests: zones are values, and it can fail in every way a real one does. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import dnsPacket from 'dns-packet';
import type { Answer, Packet } from 'dns-packet';

export interface NameRecords {
  readonly MX?: readonly { readonly preference: number; readonly exchange: string }[];
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly CNAME?: string;
  /** Each string is one record; more than 255 bytes are cut into pieces. */
  readonly TXT?: readonly string[];
  readonly PTR?: readonly string[];
  readonly TLSA?: readonly {
    readonly usage: number;
    readonly selector: number;
    readonly matchingType: number;
    readonly certificate: Buffer;
  }[];
  readonly SRV?: readonly {
    readonly priority: number;
    readonly weight: number;
    readonly port: number;
    readonly target: string;
  }[];
  /** Data of records by type, as it is on the wire, also such as no record may have. */
  readonly raw?: ReadonlyMap<string, readonly Buffer[]>;
  /** Every question about it, or one of these types, fails so. */
  readonly fails?: DnsFailure | { readonly [type: string]: DnsFailure };
  /** Over UDP nothing but the word that it did not fit. */
  readonly truncated?: boolean;
  /** Said to be validated (AD). Names that it leads to must say so, too. */
  readonly authenticated?: boolean;
  /** An alias stands alone in the answer: the client must ask on. */
  readonly aliasOnly?: boolean;
  /** Seconds; default 0, so that nobody remembers it. */
  readonly ttl?: number;
}

export type DnsFailure = 'servfail' | 'nxdomain' | 'refused' | 'silent' | 'garbage' | 'formerr-with-edns';

const RCODES = new Map([
  ['servfail', 2],
  ['nxdomain', 3],
  ['refused', 5],
]);

/** RFC 1035 §3.2.2, RFC 6698 §7.1. */
const TYPE_NUMBERS = new Map([
  ['MX', 15],
  ['TXT', 16],
  ['TLSA', 52],
]);

export class DnsTestServer implements AsyncDisposable {
  /** By name in lower case without a dot at its end; tests may change it as they go. */
  readonly zones: Map<string, NameRecords>;
  /** Every question, e.g. `MX example.test`, over TCP with `/tcp`. */
  readonly asked: string[] = [];
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #open = new Set<Socket>();

  private constructor(udp: UdpSocket, tcp: Server, zones: Readonly<Record<string, NameRecords>>) {
    this.zones = new Map(Object.entries(zones));
    this.#udp = udp;
    this.#tcp = tcp;
    udp.on('message', (query, from) => {
      const answer = this.#answer(query, true);
      if (answer) udp.send(answer, from.port, from.address);
    });
    tcp.on('connection', (socket) => this.#serve(socket));
  }

  static async start(zones: Readonly<Record<string, NameRecords>> = {}): Promise<DnsTestServer> {
    // The same port must be free for both.
    for (;;) {
      const udp = createSocket('udp4');
      udp.bind(0, '127.0.0.1');
      await once(udp, 'listening');
      const tcp = createServer();
      const listening = await new Promise<boolean>((resolve) => {
        tcp.once('error', () => resolve(false));
        tcp.listen(udp.address().port, '127.0.0.1', () => resolve(true));
      });
      if (listening) return new DnsTestServer(udp, tcp, zones);
      udp.close();
    }
  }

  /** "127.0.0.1:port". */
  get address(): string {
    return `127.0.0.1:${this.#udp.address().port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#udp.close();
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#tcp.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#open.add(socket);
    socket.on('close', () => this.#open.delete(socket));
    socket.on('error', () => undefined);
    let received: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const answer = this.#answer(received.subarray(2, 2 + received.readUInt16BE(0)), false);
        received = received.subarray(2 + received.readUInt16BE(0));
        if (answer) socket.write(Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 255]), answer]));
      }
    });
  }

  #answer(query: Buffer, udp: boolean): Buffer | undefined {
    const packet = dnsPacket.decode(query);
    const [question] = packet.questions;
    if (!question) return undefined;
    const { type } = question;
    const name = question.name.toLowerCase();
    this.asked.push(`${type} ${name}${udp ? '' : '/tcp'}`);
    const zone = this.zones.get(name);
    const fails = typeof zone?.fails === 'object' ? zone.fails[type] : zone?.fails;
    if (fails === 'silent') return undefined;
    if (fails === 'garbage') return Buffer.from('no packet at all');
    const reply = (rcode: number, extra: Partial<Packet> = {}, flags = 0): Buffer =>
      dnsPacket.encode({
        type: 'response',
        id: packet.id,
        flags: dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | flags | rcode,
        questions: [question],
        ...extra,
      });
    if (fails === 'formerr-with-edns' && (packet.additionals?.length ?? 0) > 0) return reply(1);
    const rcode = zone ? RCODES.get(fails ?? '') : 3;
    if (rcode !== undefined) return reply(rcode);
    if (udp && zone?.truncated) return reply(0, {}, dnsPacket.TRUNCATED_RESPONSE);
    const { answers, authenticated } = this.#records(name, type);
    return reply(0, { answers }, authenticated ? dnsPacket.AUTHENTIC_DATA : 0);
  }

  #records(name: string, type: string): { answers: Answer[]; authenticated: boolean } {
    const answers: Answer[] = [];
    let authenticated = true;
    let at: string | undefined = name;
    for (let hops = 0; at !== undefined && hops < 20; hops++) {
      const zone = this.zones.get(at);
      authenticated &&= zone?.authenticated ?? false;
      const ttl = zone?.ttl ?? 0;
      const here = zone ? valuesOf(zone, type) : [];
      for (const data of here) answers.push({ name: at, type, ttl, data });
      // Of a type whose form the encoder does not know it takes bytes.
      for (const data of zone?.raw?.get(type) ?? [])
        answers.push({ name: at, type: `UNKNOWN_${TYPE_NUMBERS.get(type) ?? 0}` as Answer['type'], ttl, data });
      const target: string | undefined = here.length === 0 ? zone?.CNAME : undefined;
      if (target !== undefined) answers.push({ name: at, type: 'CNAME', ttl, data: target });
      at = zone?.aliasOnly ? undefined : target;
    }
    return { answers, authenticated };
  }
}

function valuesOf(zone: NameRecords, type: string): readonly unknown[] {
  switch (type) {
    case 'MX':
      return (zone.MX ?? []).map((mx) => ({ ...mx, exchange: mx.exchange === '' ? '.' : mx.exchange }));
    case 'A':
      return zone.A ?? [];
    case 'AAAA':
      return zone.AAAA ?? [];
    case 'PTR':
      return zone.PTR ?? [];
    case 'TLSA':
      return zone.TLSA ?? [];
    case 'SRV':
      return zone.SRV ?? [];
    case 'TXT':
      return (zone.TXT ?? []).map((text) => text.match(/[^]{1,250}/g) ?? ['']);
    default:
      return [];
  }
}
