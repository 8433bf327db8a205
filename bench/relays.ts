/** The two that are compared in passing mail on: our service, and Postfix alone, each with the sink as its smarthost. */
import { addAccounts, Service, type ServiceOptions } from '../test/service.ts';
import { Postfix } from '../test/postfix.ts';
import type { Relay } from './cases/relay.ts';
import { pabalVersion } from './ours.ts';

const DOMAIN = 'relay.test';
const PASSWORD = 'a good password';

/** As it ships: submission with sign-in, and two DKIM signatures on each mail. */
export async function ourRelay(sink: string, users: number, options: ServiceOptions): Promise<Relay> {
  const service = await Service.start({
    ...options,
    sandbox: false,
    set: { ...options.set, hostname: `mx.${DOMAIN}`, 'outbound.relay': sink },
  });
  const addresses = Array.from({ length: users }, (_, i) => `user${i}@${DOMAIN}`);
  await addAccounts(service.data, addresses, PASSWORD);
  return {
    name: 'pabal',
    version: pabalVersion(),
    pids: () => [service.pid],
    smtp: service.at('submission'),
    users: addresses.map((address) => ({ address, password: PASSWORD })),
    sender: addresses[0] as string,
    async [Symbol.asyncDispose]() {
      await service.stop();
      await service[Symbol.asyncDispose]();
    },
  };
}

/** Takes mail from this machine without sign-in, and signs nothing. */
export async function peerRelay(sink: string, smtp: string): Promise<Relay> {
  const colon = sink.lastIndexOf(':');
  const postfix = await Postfix.start({
    smtp,
    settings: `myhostname = mx.${DOMAIN}
relayhost = [${sink.slice(0, colon)}]:${sink.slice(colon + 1)}
smtpd_relay_restrictions = permit_mynetworks, reject
initial_destination_concurrency = 20
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
default_process_limit = 100
`,
  });
  return {
    name: 'peer',
    version: `postfix ${Postfix.version()}`,
    pids: () => [postfix.pid],
    smtp,
    sender: `user0@${DOMAIN}`,
    [Symbol.asyncDispose]: () => postfix[Symbol.asyncDispose](),
  };
}
