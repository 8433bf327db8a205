/** As whom one writes: asked for once, and again after a change. */
import { call } from '../api.ts';

export interface Identity {
  readonly address: string;
  readonly name: string;
  readonly signature: string;
}

let known: Promise<readonly Identity[]> | undefined;

/** The first is the one that mails come from. None when the service does not answer: mail can be written all the same. */
export function identities(): Promise<readonly Identity[]> {
  known ??= call<{ items: Identity[] }>('GET', '/v1/identities').then(
    ({ items }) => items,
    () => {
      known = undefined;
      return [];
    },
  );
  return known;
}

export function forgetIdentities(): void {
  known = undefined;
}
