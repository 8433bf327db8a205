/** Keys of `pabal.toml` about who signs in over what, and what one of them may use. */
import { z } from 'zod';
import { count, countOrOff, flag, isNetwork, size, text, texts } from './values.ts';

export const limits = z
  .strictObject({
    message_size: size('50MB', 'Largest message accepted over any protocol.'),
    imap_messages: countOrOff(
      { min: 1000, max: 1_000_000 },
      'Messages that one IMAP command works on, told as MESSAGELIMIT (RFC 9738). Programs that do not know it may then show the newest of a larger folder only.',
    ),
    incoming_memory: size(
      '128MB',
      'Memory for mail of more than 32 KiB while it comes in over SMTP, for each of port 25, submission and LMTP (a large one takes 1.5 MiB at most); beyond it "451 4.3.2".',
    ),
    recipients: count(1000, { min: 1, max: 10_000 }, 'Recipients of one SMTP transaction.'),
    connections: count(15_000, { min: 1, max: 1_000_000 }, 'Connections of all line protocols together.'),
    connections_per_address: count(100, { min: 1, max: 1_000_000 }, 'Connections from one address at once.'),
    connections_per_network: count(
      400,
      { min: 1, max: 1_000_000 },
      'Connections from one IPv4 /24 or IPv6 /64 at once.',
    ),
    connections_per_minute: count(300, { min: 1, max: 1_000_000 }, 'New connections a minute from one address.'),
    requests_per_minute: count(
      6000,
      { min: 10, max: 100_000_000 },
      'HTTP requests a minute from one IPv4 address or IPv6 /64; beyond it 429, whoever asks. Behind a reverse proxy http.trusted_proxies must name it, or all requests are its own.',
    ),
    connections_per_account: count(
      60,
      { min: 1, max: 1_000_000 },
      'Signed-in IMAP and POP3 connections of one account at once.',
    ),
    connections_per_account_and_address: count(20, { min: 1, max: 1_000_000 }, 'The same from one address.'),
    search_seconds: count(
      20,
      { min: 0, max: 600 },
      'Seconds of each minute for the searches of one account (with sorting and threading, over IMAP and REST); a minute of them is saved up. Beyond it each search waits, 15 seconds at most. 0 = any number.',
    ),
    errors: count(
      20,
      { min: 1, max: 1000 },
      'Refused commands before an SMTP, IMAP or POP3 connection is ended; IMAP takes five times as many from whoever is signed in.',
    ),
    error_delay: count(
      5,
      { min: 0, max: 30 },
      'Longest wait, in seconds, for the answer to an error of somebody who is not signed in: from the fourth error on it doubles from a quarter of a second. 0 = none.',
    ),
    messages_per_hour: count(
      2000,
      { min: 1, max: 100_000_000 },
      'Recipients an hour to which one account, or one address without an account, may send.',
    ),
    mails_per_hour: count(
      1000,
      { min: 1, max: 100_000_000 },
      'Mails an hour that one account may send, whatever the number of their recipients.',
    ),
    usual_recipients_per_day: count(
      500,
      { min: 1, max: 1_000_000_000 },
      'Recipients a day that are usual for every account. Whoever sends to five times as many as usual is slowed, at ten times suspended from sending.',
    ),
    sign_in_failures: count(
      5,
      { min: 1, max: 1000 },
      'Wrong passwords, of all protocols together, after which an account asks for growing pauses.',
    ),
    sign_in_failures_per_network: count(
      50,
      { min: 1, max: 100_000 },
      'The same per IPv4 /24 or IPv6 /64, whatever the account.',
    ),
    breached_passwords: text(
      '',
      'File of SHA-1 hashes of passwords that nobody may choose, one a line in ascending order, as "Pwned Passwords" is published; empty: none.',
    ),
    session_idle_days: count(
      14,
      { min: 1, max: 365 },
      'Days after which a session that nobody used has ended. After 30 days every session has.',
    ),
    loopback: flag(false, 'Whether rates and connection limits hold for this machine itself, too.'),
    quota: size('0', 'Room of a new account; 0 = no limit. `pabal account add --quota` says otherwise for one.'),
  })
  .prefault({})
  .describe('What one message, connection, address or account may use.');

export const http = z
  .strictObject({
    trusted_proxies: texts(
      'Reverse proxies whose X-Forwarded-For and X-Forwarded-Proto headers are believed.',
      'a list of addresses or networks such as ["10.0.0.0/8"]',
      isNetwork,
    ),
    public_url: text(
      '',
      'Where browsers and programs reach this service, such as "https://mail.example.org": OAuth clients are told so. Empty: wherever a request came to.',
    ),
    private_images: flag(
      false,
      'Whether images that mails show may be fetched from this machine and from private networks, and from other ports than 80 and 443.',
    ),
    operator_token: text(
      '',
      'Whoever sends it as a bearer token may read /metrics from anywhere; empty = from this machine only.',
      {
        secret: true,
      },
    ),
  })
  .prefault({})
  .describe('The HTTP listener.');
