import { command, SIGNED_IN, whenSignedIn } from '../command.ts';
import { malformed } from '../wire/decoder.ts';

/** COMPRESS (RFC 4978). Only after sign-in: strangers cost no memory for it. */
export const compress = command({
  name: 'COMPRESS',
  states: SIGNED_IN,
  capabilities: whenSignedIn('COMPRESS=DEFLATE'),
  parse(d) {
    if (d.sp().word() !== 'DEFLATE') throw malformed('unknown compression');
    return d.end();
  },
  run(_args, session) {
    if (session.connection.compressed) throw malformed('compression is active');
    session.compress(`${session.tag} OK DEFLATE active`);
    return '';
  },
});
