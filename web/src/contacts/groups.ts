/** Groups: what is done with them, and whom a mail to one goes to. */
import { call } from '../api.ts';
import type { Address } from '../api.ts';
import type { Group } from './contact.ts';

export const loadGroups = async (): Promise<readonly Group[]> =>
  (await call<{ items: Group[] }>('GET', '/v1/contact-groups')).items;

interface WithMembers {
  readonly members: readonly { readonly id: string; readonly name: string; readonly address: string | null }[];
}

/** Those of its members that have an address. */
export async function addressesOf(group: string): Promise<readonly Address[]> {
  const { members } = await call<WithMembers>('GET', `/v1/contact-groups/${group}`);
  return members.flatMap(({ name, address }) => (address === null ? [] : [{ name, address }]));
}
