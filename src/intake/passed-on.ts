/** How a mail that came for one of ours is passed on to somebody else. */
import { domainOf } from '../mail/path.ts';
import { SieveHeader } from '../mail/sieve/header.ts';
import type { Body, MessageDetails } from '../mailstore/api.ts';
import { HEAD_LIMIT, type RawMail } from './arrival.ts';
import type { IntakePayload, IntakeRecipient } from './entry.ts';
import type { ReturnPaths } from './return-paths.ts';
import { isForged } from './sieve/forged.ts';

export interface Content {
  readonly details: MessageDetails;
  readonly body: Body;
}

/** Without its return path, which is another one from now on. `by`: in whose name it is passed on. */
export async function passedOn(content: Content, by: string, header?: SieveHeader): Promise<RawMail> {
  const { details, body } = content;
  const start = details.structure.bodyStart;
  const fields = header ?? SieveHeader.parse(await body.bytes(0, start));
  const head = fields
    .without(new Set(fields.all('return-path')))
    .with('Delivered-To', by, false)
    .bytes();
  return details.size <= HEAD_LIMIT
    ? { head: Buffer.concat([head, await body.bytes(start)]) }
    : { head, rest: body.stream(start) };
}

interface Forwarded {
  readonly mail: Pick<IntakePayload, 'sender' | 'authentication'>;
  readonly recipient: Pick<IntakeRecipient, 'address'>;
}

/** The envelope sender with which it goes on, so that SPF holds and reports come back to whoever sent it. */
export async function asForwarded(
  reach: 'local' | 'remote',
  { mail, recipient }: Forwarded,
  returnPaths: Pick<ReturnPaths, 'forwardAddress'>,
): Promise<{ sender: string; forwardedBy?: string }> {
  if (reach === 'local') return { sender: mail.sender };
  const forwardedBy = domainOf(recipient.address);
  if (mail.sender === '') return { sender: '', forwardedBy };
  // Nobody is told of a mail in whose name it was forged: the owner is.
  if (isForged(mail)) return { sender: recipient.address, forwardedBy };
  return { sender: await returnPaths.forwardAddress(mail.sender, recipient.address), forwardedBy };
}
