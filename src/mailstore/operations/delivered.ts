/** Which deliveries are known: a row for each, which says where the mail was put. */
import { MailError } from '../../mail/error.ts';
import type { Key, Range, Version } from '../../ports/kv.ts';
import type { EmailId, FolderId, MsgId, Placed, ThreadId, Uid } from '../api.ts';
import { deliveredKey } from '../keys.ts';
import { encodePlaced } from '../values.ts';

/** Of the id's own day, which is where it is kept, and of the day before. */
export function deliveryKeys(id: string): readonly Key[] {
  const dash = id.indexOf('-');
  const day = Number(id.slice(0, dash));
  if (dash < 1 || !Number.isInteger(day) || day < 0 || day > 0xffffffff)
    throw new MailError('bug', 'bug', `a delivery id that does not begin with its day: ${id.slice(0, 40)}`);
  const name = id.slice(dash + 1);
  return day === 0 ? [deliveredKey(0, name)] : [deliveredKey(day, name), deliveredKey(day - 1, name)];
}

/** A row beside the delivery's own: a copy went on to somebody else. */
export function sentOnKey(id: string): Key {
  return deliveredKey(...parts(id, '.sent'));
}

/** Of a delivery that was put into several folders, those after the first; and `sentOnKey`. */
export function besideDelivery(id: string): Range {
  return { start: deliveredKey(...parts(id, '.')), end: deliveredKey(...parts(id, '/')) };
}

function parts(id: string, end: string): [day: number, name: string] {
  const dash = id.indexOf('-');
  return [Number(id.slice(0, dash)), `${id.slice(dash + 1)}${end}`];
}

const NOTHING = '0'.repeat(24);

/** In place of where it was put: it was taken back. */
export function withdrawnRow(version: Version): Uint8Array {
  const nowhere: Placed = {
    id: 0 as MsgId,
    folder: 0 as FolderId,
    uid: 0 as Uid,
    uidValidity: 0,
    email: NOTHING as EmailId,
    thread: NOTHING as ThreadId,
    version,
    duplicate: true,
  };
  return encodePlaced(nowhere);
}
