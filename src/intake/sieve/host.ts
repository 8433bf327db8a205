/** What scripts may ask of the account that they run in, and of the service. */
import type { SieveHost } from '../../mail/sieve/machine.ts';
import type { MailAccount } from '../../mailstore/api.ts';
import type { Cause } from '../../mailstore/noting.ts';
import type { Findings } from '../pipeline.ts';
import { listOf } from './lists.ts';
import { mailboxId, roleOf } from './mailboxes.ts';
import type { SieveMemory } from './memory.ts';
import type { SieveScripts } from './scripts.ts';

/** What happened to a message that is there (RFC 6785 §4). */
export interface EventFacts {
  /** Who signed in, and the address. */
  readonly user: string;
  readonly email: string;
  readonly cause: Cause;
  /** The path. */
  readonly mailbox: string;
  /** `\Seen $work`; '' unless flags changed. */
  readonly changedFlags: string;
  /** As they are now. */
  readonly flags: readonly string[];
}

interface World {
  readonly scripts: SieveScripts;
  readonly memory: SieveMemory;
  readonly now: number;
  readonly hostname: string;
  readonly findings: Pick<Findings, 'spamtest' | 'spamPercent' | 'virustest'>;
  /** Absent for mail that arrives. */
  readonly event?: EventFacts;
}

export function hostOf(account: MailAccount, { scripts, memory, now, hostname, findings, event }: World): SieveHost {
  const dot = hostname.indexOf('.');
  const environment = new Map([
    ['name', 'Pabal'],
    ['host', hostname],
    ['domain', dot < 0 ? hostname : hostname.slice(dot + 1)],
    ['location', event ? 'MS' : 'MDA'],
    ['phase', event ? 'post' : 'during'],
    ['imap.user', event?.user ?? ''],
    ['imap.email', event?.email ?? ''],
    ['imap.cause', event?.cause ?? ''],
    ['imap.mailbox', event?.mailbox ?? ''],
    ['imap.changedflags', event?.changedFlags ?? ''],
  ]);
  return {
    now,
    zone: -new Date(now).getTimezoneOffset(),
    mailboxExists: (name) => account.folderAt(name) !== undefined,
    mailboxIdExists: (id) => account.folders().some((folder) => mailboxId(folder) === id),
    specialUseExists(use, mailbox) {
      const role = roleOf(use);
      if (role === undefined) return false;
      return mailbox === undefined
        ? account.folderWithRole(role) !== undefined
        : account.folderAt(mailbox)?.role === role;
    },
    wasSeen: (id) => memory.has(`duplicate ${id}`),
    async script(name) {
      const stored = await scripts.named(account, name);
      return stored === undefined ? undefined : scripts.compiled(account, stored);
    },
    list: (uri) => listOf(account, uri),
    environment: (name) => environment.get(name),
    spamtest: findings.spamtest,
    spamPercent: findings.spamPercent,
    virustest: findings.virustest,
    ...(event && { event }),
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  };
}
