/** Downmail on the stores of a test. */
import { SenderMailboxCarrier, type CarrierParts } from '../../src/downmail/carrier.ts';
import { Holding } from '../../src/downmail/holding.ts';
import { SenderIds } from '../../src/downmail/ids.ts';
import { SenderMailboxManager } from '../../src/downmail/manager.ts';
import { NotificationTakers } from '../../src/downmail/notification-takers.ts';
import { PickUpPasswords } from '../../src/downmail/passwords.ts';
import { PickUp, type PickUpParts } from '../../src/downmail/pick-up.ts';
import type { DownmailPolicy } from '../../src/downmail/policy.ts';
import type { Directory } from '../../src/directory/api.ts';
import type { AccountId } from '../../src/mailstore/api.ts';
import type { OutboxItem } from '../../src/mailstore/submission.ts';
import type { KeyValueStore } from '../../src/ports/kv.ts';
import type { Resolver } from '../../src/ports/resolver.ts';

/** A conventional server; the mode is what tests change. */
export const DOWNMAIL: DownmailPolicy = {
  mode: 'conventional',
  phase: 'diffusion',
  signalLimit: 1000,
  excerptBytes: 100,
  keep: 'until-deleted',
  days: 30,
  warnDays: 3,
  reportDays: 0,
  room: 0,
  count: 'once',
  mailboxes: 'automatic',
  largeLimit: 0,
  publicUrl: 'https://mx.example.test',
  domains: new Map(),
  gateway: { to: '', domains: new Set(), mailboxes: 'automatic', room: 0 },
};

const GATEWAY_DOMAIN = 'gateway.mx.example.test';

export interface DownmailWorld
  extends Omit<CarrierParts, 'passwords' | 'policy' | 'wake' | 'gatewayDomain'>,
    Pick<PickUpParts, 'store' | 'cache'> {
  readonly directory: Pick<Directory, 'route' | 'account'>;
  readonly kv: KeyValueStore;
}

export function downmailOf(
  world: DownmailWorld,
  wake: (account: AccountId, effects?: readonly OutboxItem[]) => void,
  more: Partial<DownmailPolicy> = {},
  resolver: Pick<Resolver, 'txt'> = { txt: () => Promise.reject(new Error('no DNS here')) },
) {
  const { kv, clock, random, cache } = world;
  const policy: DownmailPolicy = { ...DOWNMAIL, ...more };
  const senderIds = new SenderIds(kv, clock, random);
  const passwords = new PickUpPasswords(new Uint8Array(32).fill(4));
  const takers = new NotificationTakers({ resolver, cache, clock, domains: new Set() });
  const holding = new Holding({ ...world, policy, senderIds, takers });
  const dispatcher = { wake };
  return {
    holding,
    held: new SenderMailboxCarrier({ ...world, wake, policy, passwords, gatewayDomain: GATEWAY_DOMAIN }),
    pickUp: new PickUp({ ...world, senderIds, passwords, dispatcher }),
    manager: new SenderMailboxManager({ passwords, dispatcher }),
  };
}
