/** Other people's servers, as a script says: what each does with a recipient, and what it has received. */
import type { OutgoingMail, OutgoingRecipient, Outcome, Transfer } from '../../src/delivery/transfer.ts';

export const taken: Outcome = { kind: 'delivered', host: 'mx', reply: '250 ok', dsnRelayed: false, tls: undefined };
export const refused: Outcome = {
  kind: 'permanent',
  status: '5.1.1',
  reply: '550 5.1.1 no such user',
  host: 'mx',
  reason: 'it was refused',
};
export const later: Outcome = {
  kind: 'temporary',
  status: '4.2.0',
  reply: '450 4.2.0 later',
  host: 'mx',
  reason: 'it was put off',
};
export const unreachable: Outcome = {
  kind: 'temporary',
  status: '4.4.1',
  reply: undefined,
  host: undefined,
  reason: 'no answer',
};

export interface Ask {
  readonly recipient: OutgoingRecipient;
  readonly raw: string;
  /** Of this destination, from 1. */
  readonly attempt: number;
  readonly signal: AbortSignal;
}
export type Server = (ask: Ask) => Outcome | Promise<Outcome>;

export class ScriptedTransfer implements Transfer {
  /** By domain; a domain that is not here takes everything. */
  readonly servers = new Map<string, Server>();
  /** `recipient subject`, each time it was taken. */
  readonly received: string[] = [];
  readonly mails: string[] = [];
  /** Envelope senders of these. */
  readonly senders: string[] = [];
  readonly attempts = new Map<string, number[]>();
  readonly now: () => number;
  atOnce = 0;
  mostAtOnce = new Map<string, number>();
  readonly #active = new Map<string, number>();

  constructor(now: () => number) {
    this.now = now;
  }

  async transfer(
    domain: string,
    mail: OutgoingMail,
    recipients: readonly OutgoingRecipient[],
    signal: AbortSignal,
  ): Promise<readonly Outcome[]> {
    const pieces: Uint8Array[] = [];
    for await (const piece of mail.body()) pieces.push(piece);
    const raw = Buffer.concat(pieces).toString();
    if (Buffer.byteLength(raw) !== mail.size) throw new Error(`${mail.size} bytes announced, ${raw.length} sent`);
    const times = this.attempts.get(domain) ?? [];
    this.attempts.set(domain, times);
    times.push(this.now());
    const active = (this.#active.get(domain) ?? 0) + 1;
    this.#active.set(domain, active);
    this.mostAtOnce.set(domain, Math.max(active, this.mostAtOnce.get(domain) ?? 0));
    try {
      const server = this.servers.get(domain) ?? (() => taken);
      const attempt = times.length;
      const outcomes = await Promise.all(
        recipients.map(async (recipient) => server({ recipient, raw, attempt, signal })),
      );
      const subject = /^Subject: (.*)\r$/m.exec(raw)?.[1] ?? '';
      for (const [i, outcome] of outcomes.entries())
        if (outcome.kind === 'delivered') this.received.push(`${recipients[i]?.address} ${subject}`);
      this.mails.push(raw);
      this.senders.push(mail.sender);
      return outcomes;
    } finally {
      this.#active.set(domain, (this.#active.get(domain) ?? 0) - 1);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
