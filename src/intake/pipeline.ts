/**
 * What happens to an accepted mail for one recipient, as named steps in a fixed order. A step may settle the mail (then
 * the later ones do not run), or throw: `MailError` of kind 'temporary' is tried again, anything else that cannot
 * succeed goes to the error queue with its reason. A step can run again after a crash, so what it does it does under
 * the recipient's delivery id.
 */
import type { MailStore, Principal } from '../mailstore/api.ts';
import type { IntakePayload, IntakeRecipient } from './entry.ts';

export interface Delivery {
  readonly mail: IntakePayload;
  readonly recipient: IntakeRecipient;
}

export interface Step {
  readonly name: string;
  /** Answers whether the mail is settled. */
  run(delivery: Delivery, signal: AbortSignal): Promise<boolean>;
}

const INTAKE: Principal = { kind: 'system', role: 'intake' };

/**
 * Into Junk what its author's domain asks to be put aside (DMARC). Before the owner's rules: nobody is to be answered, and
 * nothing passed on, in the name of somebody who did not write.
 */
export function quarantine(store: Pick<MailStore, 'open'>): Step {
  return {
    name: 'quarantine',
    async run({ mail, recipient }) {
      const { staged, deliveryId, own } = recipient;
      if (mail.authentication?.dmarc.disposition !== 'quarantine' || own !== undefined) return false;
      using account = await store.open(INTAKE, staged.account);
      const junk = account.folderWithRole('junk');
      if (junk === undefined) return false;
      await account.publish(staged, { folder: junk.id, flags: 0, internalDate: mail.received, deliveryId });
      return true;
    },
  };
}

/** Into INBOX, or where the sender wants its own copy. The account's change log tells everybody who wants to know. */
export function file(store: Pick<MailStore, 'open'>): Step {
  return {
    name: 'file',
    async run({ mail, recipient }) {
      const { staged, deliveryId, own } = recipient;
      using account = await store.open(INTAKE, staged.account);
      const inbox = account.folderWithRole('inbox');
      // The folder a sender chose may be gone by now: then its copy is in INBOX rather than nowhere.
      const folder = own === undefined ? inbox?.id : (account.folder(own.folder)?.id ?? inbox?.id);
      if (folder === undefined) throw new Error('the account has no INBOX');
      await account.publish(staged, { folder, flags: own?.flags ?? 0, internalDate: mail.received, deliveryId });
      return true;
    },
  };
}
