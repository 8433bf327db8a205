import { compileSieve } from '../../../mail/sieve/check.ts';
import { type Command, SIGNED_IN, text } from '../command.ts';

/** CHECKSCRIPT (RFC 5804 §2.12): what PUTSCRIPT would say, and nothing is stored. */
export const checkscript: Command = {
  name: 'CHECKSCRIPT',
  states: SIGNED_IN,
  arguments: ['string'],
  required: 1,
  run([source], session) {
    compileSieve(text(source));
    session.ok('The script is valid');
  },
};
