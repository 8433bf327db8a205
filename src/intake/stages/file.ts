/**
 * Into the folders that the owner's rules ask for, else into INBOX. Nothing is lost: what cannot be done as asked leaves the
 * mail in INBOX. The account's change log tells everybody who wants to know.
 */
import type { FileintoAction } from '../../mail/sieve/actions.ts';
import type { SieveHeader } from '../../mail/sieve/header.ts';
import type { Folder, MailAccount, NewPlacement, Placed } from '../../mailstore/api.ts';
import { MailError } from '../../mail/error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Delivery, Stage } from '../pipeline.ts';
import type { Plan } from '../plan.ts';
import { flagsOf, targetOf } from '../sieve/mailboxes.ts';
import { SieveMemory } from '../sieve/memory.ts';
import { defaultFolder, defaultKeywords, inboxOf, isUserError, readAgain, recordsOf, withWarnings } from './parts.ts';

export interface FileParts {
  readonly clock: Clock;
  readonly log: Log;
}

export function file({ clock, log }: FileParts): Stage {
  return {
    name: 'file',
    does: 'puts it into the folders that the rules ask for, or into INBOX',
    needs: ['account'],
    onFailure: 'retry',
    async deliver(delivery) {
      const { mail, recipient, findings, account } = delivery;
      const { staged, deliveryId, own } = recipient;
      const { plan } = findings;
      if (plan === undefined) {
        // The folder a sender chose may be gone by now: then its copy is in INBOX rather than nowhere.
        const folder =
          own === undefined ? await defaultFolder(account, findings) : (account.folder(own.folder) ?? inboxOf(account));
        const flags = own?.flags ?? 0;
        const keywords = defaultKeywords(delivery);
        const internalDate = mail.received;
        const records = recordsOf(findings);
        const to: NewPlacement = { folder: folder.id, flags, keywords, internalDate, deliveryId, records };
        const { withdrawn } = (await warned(delivery, to)) ?? (await account.publish(staged, to));
        // Nobody is told of a mail that its sender took back.
        return withdrawn === true;
      }
      if (!(await new Filing({ account, delivery, plan, log }).into(plan.places))) return true;
      const memory = new SieveMemory(account, deliveryId, clock.now());
      for (const { id, seconds } of plan.remember) await memory.remember(`duplicate ${id}`, seconds);
      return false;
    },
  };
}

interface FilingParts {
  readonly account: MailAccount;
  readonly delivery: Delivery;
  readonly plan: Plan;
  readonly log: Log;
}

class Filing {
  readonly #parts: FilingParts;

  constructor(parts: FilingParts) {
    this.#parts = parts;
  }

  /** The first place is under the delivery's own id, as without a script: whatever the script says by the next attempt, the
   * mail is not filed a second time. Answers false when its sender took it back. */
  async into(places: Plan['places']): Promise<boolean> {
    const { account, delivery, log } = this.#parts;
    const { deliveryId } = delivery.recipient;
    const used = new Set<number>();
    for (const place of places) {
      const folder = place.type === 'keep' ? await this.#default() : await this.#folder(place);
      if (used.has(folder.id)) continue;
      const to: NewPlacement = {
        folder: folder.id,
        ...flagsOf([...new Set([...place.flags, ...defaultKeywords(delivery)])]),
        internalDate: delivery.mail.received,
        deliveryId: used.size === 0 ? deliveryId : `${deliveryId}.${folder.id}`,
        records: recordsOf(delivery.findings),
      };
      used.add(folder.id);
      try {
        if ((await this.#place(place.header, to)).withdrawn) return false;
      } catch (error) {
        if (!isUserError(error, 'limit', 'folder-missing')) throw error;
        // The folder went away meanwhile, or can take no more keywords: the mail is more important than either.
        log.warn({ err: error, account: account.id }, 'a mail could not be filed as a script asked');
        await this.#place(place.header, {
          ...to,
          folder: account.folder(folder.id)?.id ?? (await this.#default()).id,
          keywords: [],
        });
      }
    }
    return true;
  }

  #place(header: SieveHeader, to: NewPlacement): Promise<Placed> {
    const { account, delivery, plan } = this.#parts;
    const made = withWarnings(header, delivery.findings);
    return made.edited ? account.addMessage(edited(made, plan), to) : account.publish(delivery.recipient.staged, to);
  }

  #default(): Promise<Folder> {
    return defaultFolder(this.#parts.account, this.#parts.delivery.findings);
  }

  /** INBOX when there is no such folder, and it is not to be made or cannot be. */
  async #folder(action: FileintoAction): Promise<Folder> {
    const { account, log } = this.#parts;
    const found = targetOf(account, action);
    if (found !== undefined) return found;
    if (!action.create) return this.#default();
    try {
      const folder = await account.createFolder(action.mailbox);
      await account.subscribe(folder.path, true);
      return folder;
    } catch (error) {
      if (!(error instanceof MailError) || error.kind === 'temporary' || error.kind === 'bug') throw error;
      log.warn({ err: error, account: account.id }, 'a script asks for a folder that cannot be made');
      return account.folderAt(action.mailbox) ?? (await this.#default());
    }
  }
}

/** A mail of which no rule made a plan, with what its reader is to be careful of; undefined when there is nothing. */
async function warned(delivery: Delivery, to: NewPlacement): Promise<Placed | undefined> {
  if (delivery.findings.warnings === undefined) return undefined;
  const { header } = await readAgain(delivery);
  const made = withWarnings(header, delivery.findings);
  return made.edited ? await delivery.account.addMessage(edited(made, await delivery.content()), to) : undefined;
}

async function* edited(
  header: SieveHeader,
  { body, details }: Pick<Plan, 'body' | 'details'>,
): AsyncIterable<Uint8Array> {
  yield header.bytes();
  yield* body.stream(details.structure.bodyStart);
}
