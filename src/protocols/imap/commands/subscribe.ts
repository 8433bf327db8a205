import { command, SIGNED_IN } from '../command.ts';
import type { Decoder } from '../wire/decoder.ts';

function parse(d: Decoder): string {
  const path = d.sp().mailbox();
  d.end();
  return path;
}

/** SUBSCRIBE (RFC 3501 §6.3.6). The mailbox need not exist. */
export const subscribe = command<string>({
  name: 'SUBSCRIBE',
  states: SIGNED_IN,
  parse,
  async run(path, { account }) {
    await account.subscribe(path, true);
    return 'SUBSCRIBE completed';
  },
});

/** UNSUBSCRIBE (RFC 3501 §6.3.7). */
export const unsubscribe = command<string>({
  name: 'UNSUBSCRIBE',
  states: SIGNED_IN,
  parse,
  async run(path, { account }) {
    await account.subscribe(path, false);
    return 'UNSUBSCRIBE completed';
  },
});
