/** What the service offers to whoever writes: asked for once. */
import { call } from '../api.ts';

export interface OwnAccount {
  /** Kinds of mail that may be sent, the usual one first; none: there is no choice. */
  readonly categories: readonly string[];
  /** Whether a mail can stay on the service until it is fetched. */
  readonly holdsMail: boolean;
}

let known: Promise<OwnAccount | undefined> | undefined;

/** Undefined when the service does not answer: then nothing is offered. */
export function ownAccount(): Promise<OwnAccount | undefined> {
  known ??= call<OwnAccount>('GET', '/v1/profile').catch(() => {
    known = undefined;
    return undefined;
  });
  return known;
}

export function forgetOwnAccount(): void {
  known = undefined;
}
