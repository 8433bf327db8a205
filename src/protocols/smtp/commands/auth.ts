import { bearerOutcome } from '../../../directory/oauth/bearer.ts';
import { MailError } from '../../../mail/error.ts';
import { SaslError } from '../../../net/sasl-error.ts';
import { type SaslExchange, saslFinish, saslMechanisms, saslSignIn } from '../../../net/sasl.ts';
import type { SmtpCommand } from '../command.ts';
import type { Reply } from '../reply.ts';
import { replyTo } from '../reply.ts';
import type { SmtpSession } from '../session.ts';

const FAULTS: Record<SaslError['fault'], Reply> = {
  aborted: { code: 501, status: '5.7.0', text: 'Given up, as you asked' },
  malformed: { code: 501, status: '5.5.2', text: 'This cannot be decoded' },
  'too-long': { code: 500, status: '5.5.6', text: 'This is too long' },
  binding: { code: 535, status: '5.7.8', text: 'The channel binding does not match' },
  'unknown-mechanism': { code: 504, status: '5.5.4', text: 'This mechanism is not offered' },
};

const OPEN_MECHANISMS = ['OAUTHBEARER', 'XOAUTH2', 'PLAIN', 'LOGIN'] as const;

/** AUTH (RFC 4954), on submission only; where passwords may not travel in the clear it is not announced. */
export const auth: SmtpCommand = {
  name: 'AUTH',
  roles: ['submission'],
  states: ['ready'],
  argument: true,
  keywords: (session) =>
    session.mayAuthenticate && session.user === undefined
      ? [`AUTH ${saslMechanisms(session.connection, OPEN_MECHANISMS).join(' ')}`]
      : [],
  async run(argument, session) {
    if (session.user !== undefined)
      return session.refuse({ code: 503, status: '5.5.1', text: 'You are signed in already' });
    if (!session.mayAuthenticate) return session.refuse({ code: 530, status: '5.7.0', text: 'STARTTLS comes first' });
    const [mechanism = '', initial, ...rest] = argument.split(' ');
    if (rest.length > 0) return session.refuse(FAULTS.malformed);
    try {
      await signIn(mechanism, initial, session);
    } catch (error) {
      if (error instanceof SaslError) return session.refuse(FAULTS[error.fault]);
      if (!(error instanceof MailError)) throw error;
      // Who is suspended looks like a wrong password to whoever does not know it.
      return session.refuse(
        replyTo(error.code === 'account-suspended' ? new MailError('auth-failed', 'user', error.message) : error),
      ); // prettier-ignore
    }
    session.reply(235, '2.7.0', 'Welcome');
  },
};

async function signIn(mechanism: string, initial: string | undefined, session: SmtpSession): Promise<void> {
  const { connection, parts } = session;
  const { directory } = parts;
  const from = { protocol: 'smtp', remote: connection.remoteAddress } as const;
  const exchange: SaslExchange = (challenge) => {
    connection.write(`334 ${challenge}\r\n`);
    return connection.readLine();
  };
  const outcome = await saslSignIn(mechanism, initial, exchange, {
    channel: connection,
    mechanisms: saslMechanisms(connection, OPEN_MECHANISMS),
    password: (address, password) => directory.authenticate(address, password, from),
    scram: (address) => directory.scram(address, from),
    tokens: { scope: 'send', open: (token, address) => bearerOutcome(directory.bearer(token, from, address)) },
  });
  await saslFinish(outcome, exchange);
  const user = outcome.who;
  session.user = user;
  parts.access?.hold(user, connection);
  connection.trusted = true;
  connection.log.info({ account: user.account, address: user.address }, 'signed in');
  await parts.intake.signedIn(user.account);
}
