/** Downmail as the configuration has it, put together. */
import type { Config } from '../config/schema.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { AutomaticSender } from '../submit/automatic.ts';
import { SenderMailboxCarrier } from '../downmail/carrier.ts';
import { FetchedOriginals } from '../downmail/fetched-originals.ts';
import { FetchOriginal } from '../downmail/fetch-original.ts';
import { Holding } from '../downmail/holding.ts';
import { SenderIds } from '../downmail/ids.ts';
import { NotificationTakers } from '../downmail/notification-takers.ts';
import { Originals } from '../downmail/originals.ts';
import { PickUpPasswords } from '../downmail/passwords.ts';
import { PickUp } from '../downmail/pick-up.ts';
import { type DownmailPolicy, type SenderMode, SENDER_MODES } from '../downmail/policy.ts';
import { SenderMailboxManager } from '../downmail/manager.ts';
import { SenderSignIn } from '../downmail/sender-sign-in.ts';
import type { Intake } from '../intake/intake.ts';
import type { OutgoingCheckParts } from '../submit/outgoing-check.ts';
import { outgoingCheck } from './engines.ts';
import type { Opened } from './single.ts';

export interface DownmailParts
  extends Pick<
    Opened,
    'kv' | 'gatewayMailboxes' | 'mailstore' | 'directory' | 'resolver' | 'cache' | 'clock' | 'random'
  > {
  readonly log: ConstructorParameters<typeof SenderMailboxCarrier>[0]['log'];
  readonly intake: Pick<Intake, 'accept'>;
  readonly automatic: AutomaticSender;
  readonly dispatcher: Pick<Dispatcher, 'wake'>;
  readonly secret: Uint8Array;
}

export interface Downmail {
  readonly policy: DownmailPolicy;
  readonly holding: Holding;
  readonly carrier: SenderMailboxCarrier;
  readonly pickUp: PickUp;
  readonly manager: SenderMailboxManager;
  readonly senderSignIn: SenderSignIn;
}

export function downmailPolicyOf({ downmail, hostname }: Pick<Config, 'downmail' | 'hostname'>): DownmailPolicy {
  return {
    mode: downmail.mode,
    phase: downmail.phase,
    signalLimit: downmail.signal_limit,
    excerptBytes: downmail.excerpt_bytes,
    keep: downmail.keep,
    days: downmail.keep_days,
    warnDays: downmail.warn_days,
    reportDays: downmail.report_days,
    room: downmail.room,
    count: downmail.count,
    mailboxes: downmail.mailboxes,
    largeLimit: downmail.large_limit,
    publicUrl: (downmail.public_url || `https://${hostname}`).replace(/\/$/, ''),
    domains: new Map(
      downmail.domains.map((one) => {
        const [domain = '', mode] = one.toLowerCase().split('=', 2);
        return [domain, SENDER_MODES.find((known) => known === mode) ?? 'system'] satisfies [string, SenderMode];
      }),
    ),
    gateway: {
      to: downmail.gateway,
      domains: new Set(downmail.gateway_domains.map((one) => one.toLowerCase())),
      mailboxes: downmail.gateway_mailboxes,
      room: downmail.gateway_room,
    },
  };
}

export function openDownmail(config: Config, parts: DownmailParts): Downmail {
  const { kv, mailstore: store, directory, clock, random, cache, dispatcher, resolver, secret } = parts;
  const policy = downmailPolicyOf(config);
  const senderIds = new SenderIds(kv, clock, random);
  const passwords = new PickUpPasswords(secret);
  const domains = new Set(config.downmail.notification_domains.map((one) => one.toLowerCase()));
  const takers = new NotificationTakers({ resolver, cache, clock, domains });
  const holding = new Holding({ policy, senderIds, takers, directory, store, clock });
  return {
    policy,
    holding,
    carrier: new SenderMailboxCarrier({
      ...parts,
      passwords,
      policy,
      hostname: config.hostname,
      gatewayDomain: parts.gatewayMailboxes.domain,
      wake: (account, effects) => dispatcher.wake(account, effects),
    }),
    pickUp: new PickUp({ store, senderIds, passwords, dispatcher, cache, clock }),
    manager: new SenderMailboxManager({ passwords, dispatcher }),
    senderSignIn: new SenderSignIn({ senderIds, directory }),
  };
}

/** The recipient's side: originals that others keep for people here, and what follows when they were fetched. */
export function openOriginals(
  config: Config,
  { policy, pickUp }: Pick<Downmail, 'policy' | 'pickUp'>,
  parts: Pick<Opened, 'mailstore' | 'resolver' | 'queue' | 'rejectLists' | 'undeletedHosts'> &
    Omit<OutgoingCheckParts, 'rules'>,
): { readonly originals: Originals; readonly afterwards: FetchedOriginals } {
  const { mailstore: store, resolver, clock, undeletedHosts: hosts } = parts;
  const { refetch_hours, undeleted, undeleted_accounts } = config.downmail;
  const privateAddresses = config.downmail.private_addresses;
  // What their spam filter said of the notification holds; what does harm is looked for in the original itself.
  const scanner = outgoingCheck({ ...config, spam: { ...config.spam, outgoing_limit: 0 } }, parts);
  const fetch = new FetchOriginal({ resolver, privateAddresses, pickUp, publicUrl: policy.publicUrl });
  const afterwards = new FetchedOriginals({
    ...parts,
    fetch,
    hosts,
    againMs: refetch_hours * 3_600_000,
    policy: undeleted,
    accounts: undeleted_accounts,
  });
  const originals = new Originals({
    store,
    fetch,
    afterwards,
    check: (content, mail) => scanner.check(content, mail),
    clock,
    hostname: config.hostname,
    messageSize: config.limits.message_size,
    gateway: policy.gateway.to.toLowerCase(),
  });
  return { originals, afterwards };
}
