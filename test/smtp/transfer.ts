/** Mails, and the transfer that hands them to scripted servers. */
import { SystemClock } from '../../src/adapters/clock-system.ts';
import { StaticResolver } from '../../src/adapters/resolver-static.ts';
import { SmtpTransfer, type SmtpTransferOptions } from '../../src/delivery/smtp-transfer.ts';
import { TlsPolicies } from '../../src/delivery/tls/policy.ts';
import type { OutgoingMail, OutgoingRecipient, Outcome } from '../../src/delivery/transfer.ts';
import { oneSource } from '../support/one-source.ts';
import { type Answer, ScriptedServer, type ScriptedOptions } from './scripted-server.ts';

export const NEVER = new AbortController().signal;
export const BODY = 'Subject: hello\r\n\r\n.dot\r\nmore\r\n';

export function mailOf(body: string | Uint8Array, more: Partial<OutgoingMail> = {}): OutgoingMail {
  const bytes = Buffer.from(body);
  return {
    sender: 'alice@pabal.test',
    size: bytes.length,
    body: async function* () {
      yield bytes;
    },
    needs: { smtputf8: false, eightBit: false, binary: false },
    requireTls: false,
    ...more,
  };
}
export const to = (...names: string[]): OutgoingRecipient[] => names.map((name) => ({ address: `${name}@dest.test` }));

/** The servers are the exchanges of dest.test, in order. */
export function transferTo(
  servers: readonly ScriptedServer[],
  options: Partial<SmtpTransferOptions> = {},
): SmtpTransfer & AsyncDisposable {
  // Each server has its own port: a route for each, as an operator would write it, tried in order.
  const hops = servers.map(({ port }, i) => ({
    host: `mx${i + 1}.dest.test`,
    port,
    addresses: [{ address: '127.0.0.1', family: 4 as const }],
    authenticated: false,
  }));
  const transfer = new SmtpTransfer({
    router: { route: async (domain) => ({ kind: 'hops', hops, domain }) },
    tls: new TlsPolicies({ resolver: new StaticResolver({}) }),
    clock: new SystemClock(),
    sources: oneSource('pabal.test', new SystemClock()),
    ...options,
  });
  return Object.assign(transfer, { [Symbol.asyncDispose]: () => transfer.close() });
}

export async function send(
  scripts: readonly ScriptedOptions[],
  recipients = to('bob'),
  mail = mailOf(BODY),
  options: Partial<SmtpTransferOptions> = {},
): Promise<{ readonly outcomes: readonly Outcome[]; readonly servers: readonly ScriptedServer[] }> {
  const servers = await Promise.all(scripts.map((script) => ScriptedServer.start(script)));
  try {
    await using transfer = transferTo(servers, options);
    const outcomes = await transfer.transfer('dest.test', mail, recipients, NEVER);
    return { outcomes, servers };
  } finally {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  }
}

/** A script that answers lines that begin so. */
export const saying =
  (start: string, answer: Answer): NonNullable<ScriptedOptions['answer']> =>
  (line) =>
    line.startsWith(start) ? answer : undefined;
