/** What operators and owners decide about mail that stays with its sender. */
import type { MailAccount } from '../mailstore/api.ts';
import type { KeepPolicy } from '../mailstore/sender-mailbox.ts';

/** What this MTA_n is; `hybrid-*` holds only what it sends, or takes only notifications; `gateway` keeps originals for recipients elsewhere. */
export const SYSTEM_MODES = ['conventional', 'downmail', 'hybrid-send', 'hybrid-receive', 'gateway'] as const;
export type SystemMode = (typeof SYSTEM_MODES)[number];

/** How far Downmail has come: who gets notifications, and what those get who know nothing of it. */
export const PHASES = ['introduction', 'diffusion', 'maturity'] as const;
export type Phase = (typeof PHASES)[number];

/** What an account's owner wants for what he sends: as the system does; whole; held; or held for those he does not know. */
export const SENDER_MODES = ['system', 'conventional', 'downmail', 'strangers'] as const;
export type SenderMode = (typeof SENDER_MODES)[number];

export const RECIPIENT_MODES = ['system', 'originals', 'notifications', 'strangers'] as const;
export type RecipientMode = (typeof RECIPIENT_MODES)[number];

export interface GatewayPolicy {
  /** What takes the originals of conventional senders for recipients here: '' nothing, `here` this service, else a domain. */
  readonly to: string;
  /** For whose people this service is the gateway, in the mode `gateway`; lower case. */
  readonly domains: ReadonlySet<string>;
  /** For whom it keeps originals: for every recipient, or for those for whom a mailbox was opened. */
  readonly mailboxes: 'automatic' | 'opened';
  /** Bytes for each recipient; 0: no limit. */
  readonly room: number;
}

export interface DownmailPolicy {
  readonly mode: SystemMode;
  readonly phase: Phase;
  /** Bytes of body: what is longer is an original. */
  readonly signalLimit: number;
  readonly excerptBytes: number;
  readonly keep: KeepPolicy;
  readonly days: number;
  /** Before a mail expires its sender is told. */
  readonly warnDays: number;
  /** Between two reports on what a sender mailbox uses; 0: none. */
  readonly reportDays: number;
  /** Bytes of a new sender mailbox; 0: no limit. */
  readonly room: number;
  readonly count: 'once' | 'each';
  /** Who has a sender mailbox: everybody who sends, or those for whom one was opened. */
  readonly mailboxes: 'automatic' | 'opened';
  /** From so many bytes on a mail is held although its sender's mode is `conventional`; 0: never. */
  readonly largeLimit: number;
  /** Where recipients pick up, without a slash at its end. */
  readonly publicUrl: string;
  /** Of all accounts of a domain, by domain. */
  readonly domains: ReadonlyMap<string, SenderMode>;
  readonly gateway: GatewayPolicy;
}

/** What an account's owner has set. */
export interface DownmailSetting {
  readonly send: SenderMode;
  /** What is taken from others: as the system does; everything; notifications only; or originals from people the owner knows. */
  readonly receive?: RecipientMode;
  /** Originals that are not taken are refused, not kept at the gateway. */
  readonly gateway?: false;
  readonly keep?: KeepPolicy;
  readonly days?: number;
  /** Between two reports on what his sender mailbox uses; 0: none. */
  readonly reportDays?: number;
  /** Addresses that get their mail whole, and those that never do, whatever `send` says. */
  readonly whole?: readonly string[];
  readonly held?: readonly string[];
}

export const DOWNMAIL_LIMITS = { addresses: 500, days: 365 };

const SETTING = ['settings', 'downmail'] as const;

export async function downmailSetting(account: Pick<MailAccount, 'record'>): Promise<DownmailSetting> {
  return (await account.record<DownmailSetting>(...SETTING)) ?? { send: 'system' };
}

export async function putDownmailSetting(
  account: Pick<MailAccount, 'putRecord'>,
  setting: DownmailSetting,
): Promise<void> {
  await account.putRecord(...SETTING, setting);
}
