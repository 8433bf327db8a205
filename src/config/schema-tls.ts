/** Keys of [tls] and [acme]: with which certificates the service shows who it is, and how it comes by them. */
import { z } from 'zod';
import { choice, flag, text, texts } from './values.ts';

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

/** Letters, digits, hyphens; perhaps a wildcard in front. */
const HOST = /^(?:\*\.)?[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,9}$/;

export const acme = z
  .strictObject({
    directory: text(
      '',
      'Where an authority gives certificates by ACME (RFC 8555), such as "https://acme-v02.api.letsencrypt.org/directory"; empty: none is asked.',
    ),
    agree: flag(
      false,
      "Whether the operator agrees to the authority's terms of service; without that it gives nothing.",
    ),
    names: texts(
      'What certificates are for: one of each entry, for the hosts in it, parted by blanks. The first one is also for clients that name no host. Empty: one for `hostname`.',
      'a list such as ["mail.example.org mta-sts.example.org", "mail.example.net"]',
      (value) => value.split(' ').length <= 50 && value.split(' ').every((name) => HOST.test(name)),
    ),
    contact: text('', 'Address of whom the authority may write to; empty: nobody.'),
    dns_hook: text(
      '',
      'A program that proves by DNS that a name is ours: it is called with "add" or "remove", the name of a TXT record and its value, and ends when the record is published. Wildcards need it. Empty: the proof is fetched over HTTP, from port 80 of each host.',
    ),
    ca: text(
      '',
      'File with the roots (PEM) that the authority itself is trusted by, for one of your own; empty: the usual ones.',
    ),
    external_account: text('', 'The key identifier that some authorities give to their customers (RFC 8555 §7.3.4).'),
    external_key: text('', 'The key that goes with it (base64url).', { secret: true }),
  })
  .prefault({})
  .describe('Certificates by ACME, renewed before they end.');
