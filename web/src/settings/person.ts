/** How the mail of one person is handled; and what is put under mail to somebody. */
import { call } from '../api.ts';

export interface Person {
  readonly address: string;
  readonly importance?: 'high' | 'low';
  /** Id. */
  readonly folder?: string;
  readonly notify?: readonly string[];
  readonly signature?: string;
  readonly accept?: boolean;
  readonly images?: boolean;
}

export const pathOf = (address: string): string => `/v1/people/${encodeURIComponent(address.trim())}`;

let known: Promise<readonly Person[]> | undefined;

/** None when the service does not answer: mail can be written all the same. */
export function people(): Promise<readonly Person[]> {
  known ??= call<{ items: Person[] }>('GET', '/v1/people').then(
    ({ items }) => items,
    () => {
      known = undefined;
      return [];
    },
  );
  return known;
}

export function forgetPeople(): void {
  known = undefined;
}
