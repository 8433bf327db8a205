/** Lists that scripts may ask (RFC 6134): the people whom the owner knows. */
import type { SieveList } from '../../mail/sieve/machine.ts';
import type { MailAccount } from '../../mailstore/api.ts';
import { contactAddresses, isContact } from '../contacts/records.ts';
import { people, personAt } from '../people.ts';
import { CORRESPONDENT, correspondent } from '../spam/correspondents.ts';

/** The owner's contacts, whom they have written to, and those of whom they have said something. */
export const ADDRESS_BOOK = 'urn:ietf:params:sieve:addrbook:default';
/** Those alone of whom the owner has said something. */
export const PEOPLE = 'tag:pabal,2026:people';

type Account = Pick<MailAccount, 'record' | 'records' | 'putRecord'>;

/** Undefined when there is none of this name. */
export function listOf(account: Account, uri: string): SieveList | undefined {
  if (uri === PEOPLE)
    return {
      has: async (address) => (await personAt(account, address)) !== undefined,
      members: async (most) => (await people(account)).slice(0, most).map(({ address }) => address),
    };
  if (uri === ADDRESS_BOOK)
    return {
      has: async (address) =>
        (await isContact(account, address)) ||
        (await personAt(account, address)) !== undefined ||
        (await correspondent(account, address)) !== undefined,
      members: async (most) => {
        const named = (await people(account)).map(({ address }) => address.toLowerCase());
        const written = (await account.records(CORRESPONDENT)).map(({ id }) => id);
        return [...new Set([...(await contactAddresses(account)), ...named, ...written])].slice(0, most);
      },
    };
  return undefined;
}
