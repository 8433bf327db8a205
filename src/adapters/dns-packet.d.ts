/** The part of dns-packet, which brings no types, that is used here and in tests. */
declare module 'dns-packet' {
  export interface Question {
    readonly name: string;
    readonly type: string;
  }
  export interface Answer extends Question {
    readonly ttl?: number;
    readonly data?: unknown;
    readonly [option: string]: unknown;
  }
  export interface Packet {
    readonly type: 'query' | 'response';
    readonly id: number;
    readonly flags: number;
    readonly questions: readonly Question[];
    readonly answers?: readonly Answer[];
    readonly additionals?: readonly Answer[];
  }
  const dnsPacket: {
    readonly RECURSION_DESIRED: number;
    readonly RECURSION_AVAILABLE: number;
    readonly TRUNCATED_RESPONSE: number;
    readonly AUTHENTIC_DATA: number;
    encode(packet: Packet): Buffer;
    /** Throws on what is no packet. */
    decode(bytes: Uint8Array): Packet & { readonly answers: readonly Answer[]; readonly flag_tc: boolean };
  };
  export default dnsPacket;
}
