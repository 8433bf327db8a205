/** A world of which a script can ask anything and learns nothing: what people make in a form asks nothing of it. */
import type { SieveHost } from './machine.ts';

/** `now` in milliseconds since 1970. */
export function blankHost(now: number): SieveHost {
  return {
    now,
    zone: 0,
    mailboxExists: () => false,
    mailboxIdExists: () => false,
    specialUseExists: () => false,
    wasSeen: () => Promise.resolve(false),
    script: () => Promise.resolve(undefined),
    list: () => undefined,
    environment: () => undefined,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  };
}
