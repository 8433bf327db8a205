/** The part of the configuration that is about mail that leaves: how, from where, and what comes back of it. */
import { z } from 'zod';
import {
  choice,
  count,
  flag,
  httpsLink,
  isServerAddress,
  nextHop,
  nextHops,
  sourceAddresses,
  text,
  texts,
} from './values.ts';

export const outbound = z
  .strictObject({
    first_retry_seconds: count(
      60,
      { min: 1, max: 86_400 },
      'Pause before the second attempt; doubled each time, and up to half as much again by chance.',
    ),
    longest_retry_seconds: count(14_400, { min: 1, max: 604_800 }, 'Longest pause between two attempts.'),
    warn_after_hours: count(4, { min: 1, max: 720 }, 'When the sender is told that a mail takes longer.'),
    give_up_after_hours: count(120, { min: 1, max: 720 }, 'When a mail that cannot be delivered comes back.'),
    relay: nextHop(
      'The smarthost that takes all mail to others. Empty: the mail servers of the domain, as DNS names them (MX).',
    ),
    relay_user: text('', 'Name under which to sign in to the relay; empty = without.'),
    relay_password: text('', 'The password for it. It is sent over TLS only, unless the relay is on this machine.', {
      secret: true,
    }),
    relay_verify: flag(false, 'Whether the relay must prove its name with a certificate that is trusted.'),
    routes: nextHops(
      'Mail servers for single domains, before the relay and before DNS: {"example.test" = "smtp://10.0.0.5:2525"}. ".example.test" is what is below it, "*" everything.',
    ),
    sign: flag(true, 'Whether mail is signed with the keys of its domain (DKIM). Not where the relay signs it.'),
    brand_logo: httpsLink(
      'Where the logo is that others may show beside mail of our domains (BIMI, SVG Tiny PS); DOMAIN in it is the domain. With it `pabal domain show` prints the record.',
    ),
    brand_certificate: httpsLink(
      'Where the certificate is that vouches for this logo (VMC or CMC, PEM); DOMAIN as above. Most receivers show no logo without one.',
    ),
    port: count(25, { min: 1, max: 65_535 }, 'Port of the mail servers that DNS names. Another one is for tests.'),
    private_addresses: flag(
      false,
      'Whether to deliver to this machine and to private networks where DNS leads there. Relay and routes may always.',
    ),
    sources: sourceAddresses(
      'Addresses of this machine from which mail leaves, the name of each in EHLO (its reverse DNS; hostname when absent), the categories of mail that go by it (none: all that no other address names), and whether receivers know it already. Empty: the address that the system chooses, for all.',
    ),
    warm_up_days: count(
      28,
      { min: 14, max: 42 },
      'Days of use after which an address that is not warm may send as much as it is given, for each receiver.',
    ),
    warm_up_first: count(50, { min: 1, max: 1_000_000 }, 'Recipients at one receiver on the first day of an address.'),
    warm_up_last: count(
      100_000,
      { min: 1, max: 1_000_000_000 },
      'The same on the last day; in between it grows by the same factor each day.',
    ),
  })
  .prefault({})
  .describe('Mail to other domains. The demo and the sandbox send none, unless relay or routes say where.');

export const feedback = z
  .strictObject({
    bounce_addresses: choice(
      ['never', 'lists', 'always'],
      'lists',
      'Which mail leaves with a return path of its own (VERP), by which its bounces are known for sure: that of lists and newsletters, all, or none.',
    ),
    hard_bounce_days: count(
      90,
      { min: 0, max: 3650 },
      'How long nothing is sent to an address that does not exist; 0 = until somebody takes it off the list.',
    ),
    soft_bounces: count(
      5,
      { min: 1, max: 100 },
      'Mails that must have failed in passing (a full mailbox, a server that was down for days) within the period before an address rests.',
    ),
    soft_bounce_period_days: count(7, { min: 1, max: 365 }, 'The period for that.'),
    soft_bounce_days: count(
      7,
      { min: 0, max: 3650 },
      'How long it rests then; 0 = until somebody takes it off the list.',
    ),
    complaint_days: count(
      0,
      { min: 0, max: 3650 },
      'How long nothing is sent to somebody who called it spam; 0 = until somebody takes the address off the list.',
    ),
  })
  .prefault({})
  .describe('What follows from bounces and complaints: addresses to which an account, or nobody here, can send.');

export const reports = z
  .strictObject({
    organization: text(
      '',
      'Who reports, in words, to other domains: what came in their name (DMARC) and how TLS with their servers went (TLS-RPT). Empty: nothing is counted and no report sent.',
    ),
    from: text(
      '',
      'Address that sends the reports and is asked about them; empty: the postmaster of the domain that hostname is in.',
    ),
    dmarc: flag(true, 'Whether DMARC aggregate reports are among them.'),
    tls: flag(true, 'Whether TLS reports are among them.'),
  })
  .prefault({})
  .describe(
    'Daily reports to domains that ask for them in DNS. Those that come are noted in any case (`pabal domain reports`).',
  );

export const dns = z
  .strictObject({
    servers: texts(
      "DNS servers to ask; empty = the system's.",
      'a list of addresses such as ["192.0.2.53"]',
      isServerAddress,
    ),
    trust_validation: choice(
      ['never', 'loopback', 'always'],
      'loopback',
      'Whose word is taken that an answer was validated (DNSSEC), which DANE stands on: that of servers on this machine, of all, or nobody.',
    ),
  })
  .prefault({})
  .describe('Name resolution. Mail between local domains never waits for it.');
