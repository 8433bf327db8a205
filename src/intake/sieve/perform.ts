/**
 * Carries out what a script asked for. Each thing is done under an id derived from the delivery, so that doing all of it
 * again after a crash changes nothing. Nothing is lost: what cannot be done as asked leaves the mail in INBOX.
 */
import { hash } from 'node:crypto';
import type { Directory } from '../../directory/api.ts';
import { composeMessage } from '../../mail/compose.ts';
import { composeDsn } from '../../mail/dsn.ts';
import { MailError, type MailErrorCode } from '../../mail/error.ts';
import type {
  FileintoAction,
  KeepAction,
  NotifyAction,
  RedirectAction,
  SieveOutcome,
  VacationAction,
} from '../../mail/sieve/actions.ts'; // prettier-ignore
import type { SieveError } from '../../mail/sieve/error.ts';
import { SieveHeader } from '../../mail/sieve/header.ts';
import type { Body, Folder, MailAccount, MessageDetails, NewPlacement } from '../../mailstore/api.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { RawMail } from '../arrival.ts';
import { HEAD_LIMIT } from '../arrival.ts';
import type { AutomaticMail } from '../automatic.ts';
import type { Delivery } from '../pipeline.ts';
import { isForged } from './forged.ts';
import { flagsOf, targetOf } from './mailboxes.ts';
import type { SieveMemory } from './memory.ts';
import { scriptFailed } from './notice.ts';
import type { StoredScript } from './scripts.ts';
import type { Turns } from './turns.ts';
import { composeAnswer, fromOf, ownAddresses, whyNoAnswer } from './vacation.ts';

export interface PerformanceParts {
  readonly account: MailAccount;
  readonly delivery: Delivery;
  readonly details: MessageDetails;
  readonly body: Body;
  readonly memory: SieveMemory;
  readonly turns: Turns;
  readonly now: number;
  readonly directory: Pick<Directory, 'account' | 'maySendAs'>;
  readonly automatic: AutomaticMail;
  readonly clock: Clock;
  readonly log: Log;
  readonly hostname: string;
}

const HEADER_BYTES = 256 << 10;

export class Performance {
  readonly #parts: PerformanceParts;

  constructor(parts: PerformanceParts) {
    this.#parts = parts;
  }

  async carryOut({ actions, remember }: SieveOutcome): Promise<void> {
    const { account, memory, log } = this.#parts;
    const places: (KeepAction | FileintoAction)[] = [];
    let mustKeep = false;
    for (const action of actions) {
      if (action.type === 'keep' || action.type === 'fileinto') places.push(action);
      else if (action.type === 'redirect' && !(await this.#redirect(action))) mustKeep = true;
      else if (action.type === 'reject' && !(await this.#reject(action.reason))) mustKeep = true;
    }
    if (mustKeep && !places.some(({ type }) => type === 'keep'))
      places.push({ type: 'keep', flags: [], header: await this.#header() });
    await this.#file(places);
    for (const action of actions) {
      try {
        if (action.type === 'vacation') await this.#answer(action);
        else if (action.type === 'notify') await this.#notify(action);
      } catch (error) {
        // A mail that cannot be written is no reason to try the one that came again and again.
        if (!isUserError(error)) throw error;
        log.warn({ err: error, account: account.id }, `a script's ${action.type} could not be sent`);
      }
    }
    for (const { id, seconds } of remember) await memory.remember(`duplicate ${id}`, seconds);
  }

  /** A mail in INBOX, once a day for each script that fails in the same way. */
  async tellOwner(script: StoredScript, error: SieveError): Promise<void> {
    const { account, delivery, hostname, now, log } = this.#parts;
    const key = `sieve-failed ${hash('sha256', `${script.digest} ${error.message}`, 'base64url')}`;
    try {
      const inbox = this.#inbox();
      await account.once(key, async () => {
        const raw = await scriptFailed({
          owner: delivery.recipient.address,
          script: script.name,
          problem: error.message,
          hostname,
          messageId: this.#messageId(key),
          now,
        });
        await account.addMessage(raw, { folder: inbox.id });
        return true;
      });
    } catch (failure) {
      // The mail itself is what matters.
      log.warn({ err: failure, account: account.id }, 'the owner could not be told that a script failed');
    }
  }

  /** The first place is under the delivery's own id, as without a script: whatever the script says by the next attempt, the
   * mail is not filed a second time. */
  async #file(places: readonly (KeepAction | FileintoAction)[]): Promise<void> {
    const { account, delivery, log } = this.#parts;
    const { deliveryId } = delivery.recipient;
    const used = new Set<number>();
    for (const place of places) {
      const folder = place.type === 'keep' ? this.#inbox() : await this.#folder(place);
      if (used.has(folder.id)) continue;
      const to: NewPlacement = {
        folder: folder.id,
        ...flagsOf(place.flags),
        internalDate: delivery.mail.received,
        deliveryId: used.size === 0 ? deliveryId : `${deliveryId}.${folder.id}`,
      };
      used.add(folder.id);
      try {
        await this.#place(place.header, to);
      } catch (error) {
        if (!isUserError(error, 'limit', 'folder-missing')) throw error;
        // The folder went away meanwhile, or can take no more keywords: the mail is more important than either.
        log.warn({ err: error, account: account.id }, 'a mail could not be filed as a script asked');
        await this.#place(place.header, {
          ...to,
          folder: account.folder(folder.id)?.id ?? this.#inbox().id,
          keywords: [],
        });
      }
    }
  }

  async #place(header: SieveHeader, to: NewPlacement): Promise<void> {
    const { account, delivery, body } = this.#parts;
    if (header.edited) await account.addMessage(this.#edited(header, body), to);
    else await account.publish(delivery.recipient.staged, to);
  }

  #inbox(): Folder {
    const inbox = this.#parts.account.folderWithRole('inbox');
    if (inbox === undefined) throw new Error('the account has no INBOX');
    return inbox;
  }

  /** INBOX when there is no such folder, and it is not to be made or cannot be. */
  async #folder(action: FileintoAction): Promise<Folder> {
    const { account, log } = this.#parts;
    const found = targetOf(account, action);
    if (found !== undefined) return found;
    if (!action.create) return this.#inbox();
    try {
      const folder = await account.createFolder(action.mailbox);
      await account.subscribe(folder.path, true);
      return folder;
    } catch (error) {
      if (!(error instanceof MailError) || error.kind === 'temporary' || error.kind === 'bug') throw error;
      log.warn({ err: error, account: account.id }, 'a script asks for a folder that cannot be made');
      return account.folderAt(action.mailbox) ?? this.#inbox();
    }
  }

  async *#edited(header: SieveHeader, body: Body): AsyncIterable<Uint8Array> {
    yield header.bytes();
    yield* body.stream(this.#parts.details.structure.bodyStart);
  }

  async #header(): Promise<SieveHeader> {
    const { body, details } = this.#parts;
    return SieveHeader.parse(await body.bytes(0, Math.min(details.structure.bodyStart, HEAD_LIMIT)));
  }

  /** Answers false when the mail cannot go there, or has been here before. */
  async #redirect({ address, header }: RedirectAction): Promise<boolean> {
    const { account, automatic, delivery, body, details, log } = this.#parts;
    const { mail, recipient } = delivery;
    const passed = header
      .all('delivered-to')
      .some(({ text }) => text.toLowerCase() === recipient.address.toLowerCase());
    try {
      if (passed) throw new MailError('mail-loop', 'user', `${recipient.address} has redirected this mail before`);
      const reach = await automatic.reach(address);
      if (reach === undefined) throw new MailError('unknown-recipient', 'user', `no mail goes to ${address}`);
      const dropped = new Set(header.all('return-path'));
      const head = header.without(dropped).with('Delivered-To', recipient.address, false).bytes();
      const sent: RawMail =
        details.size <= HEAD_LIMIT
          ? { head: Buffer.concat([head, await body.bytes(details.structure.bodyStart)]) }
          : { head, rest: body.stream(details.structure.bodyStart) };
      await automatic.send({
        account: account.id,
        // Other servers ask whether we may send for the domain (SPF), and what they cannot deliver comes back to the owner.
        sender: mail.sender === '' || reach === 'local' ? mail.sender : recipient.address,
        recipient: address,
        mail: sent,
        key: `sieve redirect ${recipient.deliveryId} ${address}`,
      });
      return true;
    } catch (error) {
      if (!isUserError(error)) throw error;
      log.warn({ err: error, id: mail.id, recipient: recipient.address, to: address }, 'a mail was not redirected');
      return false;
    }
  }

  /** A report to the sender (RFC 5429 §2.1). Answers false when there is nobody to tell: then the mail is kept. */
  async #reject(reason: string): Promise<boolean> {
    const { account, automatic, delivery, details, body, hostname, now, log } = this.#parts;
    const { mail, recipient } = delivery;
    const key = `sieve reject ${recipient.deliveryId}`;
    const isMachine = (await this.#header()).all('auto-submitted').some(({ text }) => !/^no\b/i.test(text));
    if (mail.sender === '' || isMachine || isForged(mail) || (await automatic.reach(mail.sender)) === undefined) {
      log.warn({ id: mail.id, recipient: recipient.address }, 'a mail was not rejected: its sender cannot be told');
      return false;
    }
    const head = await body.bytes(0, Math.min(details.structure.bodyStart, HEADER_BYTES));
    const raw = composeDsn({
      action: 'failed',
      reportingMta: hostname,
      to: mail.sender,
      messageId: this.#messageId(key),
      date: now,
      arrived: mail.received,
      recipients: [{ address: recipient.address, status: '5.7.1', reason }],
      original: { content: head, whole: false, messageId: details.envelope.messageId },
    });
    await automatic.send({ account: account.id, sender: '', recipient: mail.sender, mail: { head: raw }, key });
    return true;
  }

  /** Once per sender, handle and period; one mail after the other, so that two at once are one. */
  async #answer(action: VacationAction): Promise<void> {
    const { account, automatic, delivery, directory, turns, memory, log, now } = this.#parts;
    const { mail, recipient } = delivery;
    const owner = await directory.account(account.id);
    const header = await this.#header();
    const addresses = [recipient.address, owner?.address ?? '', ...(owner?.aliases ?? []), ...action.addresses];
    const why = isForged(mail)
      ? 'its sender is not who sent it'
      : whyNoAnswer(mail.sender, header, ownAddresses(addresses));
    const id = `vacation ${action.handle} ${mail.sender.toLowerCase()}`;
    await turns.run(account.id, async () => {
      if (why !== undefined || (await memory.has(id)) || (await automatic.reach(mail.sender)) === undefined) {
        log.info({ id: mail.id, recipient: recipient.address, why: why ?? 'was answered' }, 'no vacation answer');
        return;
      }
      const key = `sieve vacation ${recipient.deliveryId}`;
      const asked = fromOf(action.from);
      const mayUse = asked !== undefined && (await directory.maySendAs(account.id, asked.address));
      const raw = await composeAnswer({
        action,
        to: mail.sender,
        from: mayUse ? asked : { name: owner?.displayName ?? '', address: recipient.address },
        header,
        messageId: this.#messageId(key),
        date: now,
      });
      await automatic.send({ account: account.id, sender: '', recipient: mail.sender, mail: { head: raw }, key });
      await memory.remember(id, action.seconds);
    });
  }

  /** What a machine sent causes no notification (RFC 5436 §2.7.1): two of these could go on for ever. */
  async #notify(action: NotifyAction): Promise<void> {
    const { account, automatic, delivery, details, directory, now, log } = this.#parts;
    const { mail, recipient } = delivery;
    const header = await this.#header();
    if (header.all('auto-submitted').some(({ text }) => !/^no\b/i.test(text))) return;
    const asked = fromOf(action.from);
    const mayUse = asked !== undefined && (await directory.maySendAs(account.id, asked.address));
    const from = details.envelope.from[0];
    for (const to of action.recipients) {
      const key = `sieve notify ${recipient.deliveryId} ${to} ${hash('sha256', action.subject, 'base64url')}`;
      if ((await automatic.reach(to)) === undefined) {
        log.warn({ id: mail.id, recipient: recipient.address, to }, 'nobody was notified: no mail goes there');
        continue;
      }
      const raw = await composeMessage({
        from: mayUse ? asked : { address: recipient.address },
        to: [{ address: to }],
        subject: action.subject
          .replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ')
          .slice(0, 500)
          .toWellFormed(), // prettier-ignore
        text: action.message || `${from?.name ?? ''} <${from?.address ?? mail.sender}>\n${details.envelope.subject}\n`,
        importance: action.importance,
        messageId: this.#messageId(key),
        date: now,
        headers: [
          ['Auto-Submitted', `auto-notified; owner-email="${recipient.address.replaceAll(/["\\]/g, '\\$&')}"`],
          ...action.headers,
        ], // prettier-ignore
      });
      const sender = mail.sender === '' ? '' : recipient.address;
      await automatic.send({ account: account.id, sender, recipient: to, mail: { head: raw }, key });
    }
  }

  /** The same for the same thing done again. */
  #messageId(key: string): string {
    const { account, hostname } = this.#parts;
    return `<${hash('sha256', `${account.id} ${key}`, 'hex').slice(0, 32)}@${hostname}>`;
  }
}

/** Asked again, the same would fail again. */
function isUserError(error: unknown, ...codes: readonly MailErrorCode[]): boolean {
  if (!(error instanceof MailError) || error.kind === 'temporary' || error.kind === 'bug') return false;
  return codes.length === 0 || codes.includes(error.code);
}
