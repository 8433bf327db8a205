/**
 * What makes a delivery the same one when it comes again: a client that never saw our `250`, an entry that ran before a
 * crash. Who can choose all of it is only the sender itself, so nobody can suppress another's mail.
 */
import { hash } from 'node:crypto';

const DAY_MS = 86_400_000;
/** 132 bits. */
const NAME_LENGTH = 22;

/** `<day>-<name>` (see `NewPlacement.deliveryId`); `key` stands for the content. */
export function deliveryId(acceptedAt: number, sender: string, recipient: string, key: string): string {
  const name = hash('sha256', `${sender}\0${recipient}\0${key}`, 'base64url').slice(0, NAME_LENGTH);
  return `${Math.floor(acceptedAt / DAY_MS)}-${name}`;
}
