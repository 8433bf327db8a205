import { ANY_STATE, type Command, text } from '../command.ts';
import { string } from '../wire/string.ts';

/** NOOP (RFC 5804 §2.13). What it is given comes back, so that a client can see which answer it reads. */
export const noop: Command = {
  name: 'NOOP',
  states: ANY_STATE,
  arguments: ['string'],
  required: 0,
  run([tag], session) {
    session.ok('Done', tag === undefined ? '' : `TAG ${string(text(tag))}`);
  },
};
