/** How mail leaves: resolver, route, TLS policies and SMTP client, as the configuration has them. */
import { networkInterfaces } from 'node:os';
import type { Config } from '../config/schema.ts';
import type { NextHop } from '../config/values.ts';
import { Router } from '../delivery/route.ts';
import { type Sealer, type Signer, SmtpTransfer, type TlsResult } from '../delivery/smtp-transfer.ts';
import type { SourcePool } from '../delivery/sources/pool.ts';
import { policyFetcher } from '../delivery/tls/fetch-policy.ts';
import { MtaSts } from '../delivery/tls/mta-sts.ts';
import { KvPolicyStore } from '../delivery/tls/policy-store.ts';
import { TlsPolicies } from '../delivery/tls/policy.ts';
import type { Relay } from '../delivery/transports.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyValueStore } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import type { Resolver } from '../ports/resolver.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface TransferParts {
  readonly kv: KeyValueStore;
  readonly resolver: Resolver;
  readonly signer?: Signer;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly sources: SourcePool;
  /** For reports (RFC 8460), beside the metric. */
  readonly onTls?: (result: TlsResult) => void;
}

export function openTransfer(config: Config, parts: TransferParts): SmtpTransfer {
  const { hostname, outbound } = config;
  const { kv, resolver, signer, sealer, clock, random, log, metrics, sources } = parts;
  const privateAddresses = outbound.private_addresses;
  const counted = metrics.counter('outbound_tls_total', 'How TLS went with other mail servers.', ['policy', 'result']);
  const onTls = (result: TlsResult): void => {
    counted.inc({ policy: result.policy, result: result.result });
    if (result.result !== 'success')
      log.debug({ host: result.host, policy: result.policy, result: result.result, reason: result.reason }, 'TLS');
    parts.onTls?.(result);
  };
  return new SmtpTransfer({
    ...(signer && { signer }),
    sealer,
    clock,
    sources,
    router: new Router({
      resolver,
      random,
      ownNames: hostname === 'localhost' ? [] : [hostname],
      ownAddresses: ownAddresses(config),
      transports: transports(config),
      port: outbound.port,
      privateAddresses,
    }),
    tls: new TlsPolicies({
      resolver,
      mtaSts: new MtaSts({
        resolver,
        clock,
        fetch: policyFetcher({ resolver, privateAddresses }),
        store: new KvPolicyStore(kv, clock, random),
        onFault: ({ domain, result, reason, policy: sts }) =>
          onTls({
            domain,
            policy: sts === undefined ? 'no-policy-found' : 'sts',
            sts,
            host: '',
            address: '',
            sourceAddress: '',
            result,
            reason,
          }),
      }),
    }),
    onTls,
  });
}

function transports({ outbound }: Config): ReadonlyMap<string, Relay> {
  const { relay, relay_user: user, relay_password: password, relay_verify: verifyTls, routes } = outbound;
  const plain = (hop: NextHop): Relay => ({ ...hop, verifyTls: false });
  const all = new Map([...routes].map(([domain, hop]) => [domain, plain(hop)]));
  if (relay && !all.has('*'))
    all.set('*', { ...relay, verifyTls, ...(user !== '' && { credentials: { user, password } }) });
  return all;
}

/** Where other servers reach this one: an MX that leads there would bring mail back. */
function ownAddresses({ listen, outbound }: Config): readonly string[] {
  const there = listen.smtp.filter(({ port }) => port === outbound.port).map(({ host }) => host);
  const every = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));
  return there.flatMap((host) => (host === '0.0.0.0' || host === '::' ? every : [host]));
}
