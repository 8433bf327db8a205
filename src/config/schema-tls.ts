/** Keys of [tls]: with which certificate the service shows who it is. */
import { z } from 'zod';
import { choice, text } from './values.ts';

export const tls = z
  .strictObject({
    cert: text('', 'File with the certificate and its chain (PEM). Empty: a self-signed one is made and kept.'),
    key: text('', 'File with the private key (PEM).'),
    mta_sts: choice(
      ['none', 'testing', 'enforce'],
      'none',
      'The MTA-STS policy of our domains: whether others should insist on TLS with a trusted certificate for `hostname`. It is shown at https://mta-sts.DOMAIN/.well-known/mta-sts.txt, by the HTTP listener behind whatever ends TLS there; `pabal domain show` prints the records.',
    ),
    allow_plaintext_login: choice(
      ['never', 'loopback', 'always'],
      'loopback',
      'From where a password may be sent over a connection without TLS.',
    ),
  })
  .prefault({})
  .describe('Certificates, and where they are required.');
