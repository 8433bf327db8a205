/**
 * Passes a mail on for its owner (RFC 5228 §4.2). It leaves at the owner's domain, so that the next server finds SPF to hold, and with a
 * return path that leads reports back to who sent it. Circles end: what the owner has passed on before is in its Delivered-To fields, and
 * the same mail goes to the same address once a day, by whatever way it comes back.
 */
import { hash } from 'node:crypto';
import { MailError } from '../../mail/error.ts';
import { domainOf } from '../../mail/path.ts';
import type { RedirectAction } from '../../mail/sieve/actions.ts';
import type { SieveHeader } from '../../mail/sieve/header.ts';
import { asForwarded, passedOn } from '../passed-on.ts';
import type { IntakePayload, IntakeRecipient } from '../entry.ts';
import { isUserError } from '../stages/parts.ts';
import { SieveMemory } from './memory.ts';
import type { PerformanceParts } from './perform.ts';

/** Of a mail that arrives, or of one that is there: that was delivered by nothing. */
export interface RedirectParts
  extends Pick<PerformanceParts, 'account' | 'automatic' | 'body' | 'details' | 'log' | 'now' | 'returnPaths'> {
  readonly delivery: {
    readonly mail: Pick<IntakePayload, 'id' | 'sender' | 'requireTls' | 'authentication'>;
    readonly recipient: Pick<IntakeRecipient, 'address' | 'deliveryId'>;
  };
  readonly isThere?: true;
}

const A_DAY = 86_400;
/** Of a body, as what tells two mails apart. */
const SAMPLE = 64 << 10;
/** What stays the same on the way, and nobody can know of a mail that he has not seen. */
const IDENTITY = ['message-id', 'from', 'to', 'subject', 'date'];

/** Answers false when the mail cannot go there, or has been here before. */
export async function redirect({ address, header }: RedirectAction, parts: RedirectParts): Promise<boolean> {
  const { account, automatic, delivery, body, details, log, now, isThere } = parts;
  const { mail, recipient } = delivery;
  const own = recipient.address.toLowerCase();
  try {
    if (header.all('delivered-to').some(({ text }) => text.toLowerCase() === own))
      throw new MailError('mail-loop', 'user', `${recipient.address} has redirected this mail before`);
    const reach = await automatic.reach(address);
    if (reach === undefined) throw new MailError('unknown-recipient', 'user', `no mail goes to ${address}`);
    const memory = new SieveMemory(account, recipient.deliveryId, now);
    const same = `redirected ${address.toLowerCase()} ${await identityOf(header, parts)}`;
    // A copy that is kept once too often is better than a mail that goes round until nobody has it.
    if (await memory.has(same))
      throw new MailError('mail-loop', 'user', `the same mail was redirected to ${address} before`);
    await automatic.send({
      account: account.id,
      recipient: address,
      mail: await passedOn({ details, body }, recipient.address, header),
      key: `sieve redirect ${recipient.deliveryId} ${address}`,
      requireTls: mail.requireTls,
      ...(!isThere && { passesOn: recipient.deliveryId }),
      ...(isThere ? asOwn(reach, recipient.address) : await asForwarded(reach, delivery, parts.returnPaths)),
    });
    await memory.remember(same, A_DAY);
    return true;
  } catch (error) {
    if (!isUserError(error)) throw error;
    log.warn({ err: error, id: mail.id, recipient: recipient.address, to: address }, 'a mail was not redirected');
    return false;
  }
}

/** RFC 6785 §3.4: whoever has the script sends what is there. */
function asOwn(reach: 'local' | 'remote', owner: string): { sender: string; forwardedBy?: string } {
  return { sender: owner, ...(reach === 'remote' && { forwardedBy: domainOf(owner) }) };
}

async function identityOf(header: SieveHeader, { body, details }: RedirectParts): Promise<string> {
  const start = details.structure.bodyStart;
  const fields = IDENTITY.map((name) =>
    header
      .all(name)
      .map(({ text }) => text)
      .join('\n'),
  ).join('\0');
  const sample = await body.bytes(start, Math.min(details.size, start + SAMPLE));
  return hash('sha256', Buffer.concat([Buffer.from(`${fields}\0${details.size - start}\0`), sample]), 'base64url');
}
