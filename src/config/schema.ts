/** Every key of `pabal.toml`: its kind, its default and what it means. `docs/configuration.md` is made from this. */
import { z } from 'zod';
import { http, limits } from './schema-access.ts';
import { dns, feedback, outbound, reports } from './schema-outbound.ts';
import { acme, tls } from './schema-tls.ts';
import { signUp } from './schema-sign-up.ts';
import { choice, count, flag, isDnsList, isDomainMode, isNetwork, listener, size, text, texts } from './values.ts';

const listen = z
  .strictObject({
    smtp: listener('127.0.0.1:2525', 'Mail from other servers (port 25).'),
    submission: listener('127.0.0.1:2587', 'Mail from users, STARTTLS (port 587).'),
    submissions: listener('127.0.0.1:2465', 'Mail from users, TLS from the start (port 465).'),
    imap: listener('127.0.0.1:2143', 'IMAP, STARTTLS (port 143).'),
    imaps: listener('127.0.0.1:2993', 'IMAP, TLS from the start (port 993).'),
    pop3: listener('127.0.0.1:2110', 'POP3, STLS (port 110).'),
    pop3s: listener('127.0.0.1:2995', 'POP3, TLS from the start (port 995).'),
    lmtp: listener('off', 'LMTP, for a mail server in front of this one. Whoever can connect may deliver.'),
    managesieve: listener(
      '127.0.0.1:4190',
      'ManageSieve, STARTTLS: where users manage their mail filters (port 4190).',
    ),
    http: listener('127.0.0.1:8080', 'REST API, start page, events, /metrics and /healthz.'),
    https: listener('off', 'The same with TLS (port 443); else a web server in front of `http` has it.'),
    admin: listener('off', "Moves the operator's pages and /metrics off the public HTTP listener."),
    proxy_from: texts(
      'Networks whose connections begin with a PROXY protocol header (version 1 or 2). Nobody else may send one.',
      'a list of addresses or networks such as ["10.0.0.0/8"]',
      isNetwork,
    ),
  })
  .prefault({})
  .describe('Where to listen: "host:port", a list of them, or "off". Port 0 picks a free one.');

const authentication = z
  .strictObject({
    check: flag(true, 'Whether SPF, DKIM, ARC and DMARC are checked of mail from other servers.'),
    dmarc: choice(
      ['enforce', 'report'],
      'enforce',
      "What a DMARC failure means: what the author's domain asks for (Junk, or refusal), or a note in the header only.",
    ),
    trusted_sealers: texts(
      'Domains of forwarders and mailing lists whose ARC seals are believed when DMARC fails.',
      'a list of domains such as ["lists.example.org"]',
    ),
    wrong_senders: choice(
      ['junk', 'refuse', 'accept'],
      'junk',
      "What becomes of mail whose author's or sender's address cannot be right: no address, a domain that does not exist or takes no mail, or one of ours where nobody has it.",
    ),
    loopback: flag(false, 'Whether mail from this machine itself is checked, too.'),
  })
  .prefault({})
  .describe('Who sent this? What mail from other servers is checked for.');

const spam = z
  .strictObject({
    check: flag(true, 'Whether mail from other servers is given points for what speaks for spam.'),
    limit: count(5, { min: 1, max: 100 }, 'From so many points on a mail goes to Junk.'),
    outgoing_limit: count(
      10,
      { min: 0, max: 100 },
      'From so many points on a mail of our own users is refused; 0 = never.',
    ),
    loopback: flag(false, 'Whether mail from this machine itself is judged, too.'),
    languages: texts(
      'Languages that are read here, as two letters; mail in scripts of others gets points. Empty: all are.',
      'a list of languages such as ["ko", "en"]',
      (text) => /^[a-z]{2}$/.test(text),
    ),
    address_lists: texts(
      'Lists in DNS of servers that send spam, with the points for being on them (default 2.5). Mind their terms of use.',
      'a list such as ["zen.dnsbl.example=3", "bl.example"]',
      isDnsList,
    ),
    domain_lists: texts('The same for the domains that links lead to.', 'a list such as ["dbl.example=3"]', isDnsList),
    greylisting: flag(
      false,
      'Whether a server that is not known asks twice before its mail is taken: it costs some minutes, and spammers seldom come again.',
    ),
    rspamd: text('', 'The normal worker of rspamd, such as "http://127.0.0.1:11333"; empty: none.'),
    rspamd_password: text('', 'The password that rspamd asks for.', { secret: true }),
    spamd: text('', 'SpamAssassin\'s spamd, as "host:port" or the path of its socket; empty: none.'),
    on_failure: choice(
      ['accept', 'retry', 'error-queue'],
      'accept',
      'What happens to mail while rspamd or spamd does not answer: it passes with the points that are known, waits and is tried again, or goes to the error queue.',
    ),
  })
  .prefault({})
  .describe('Spam. Each mail shows its points and their reasons to its owner.');

const protection = z
  .strictObject({
    check: flag(true, 'Whether readers are warned of arriving mail that passes itself off as something else.'),
    bad_hosts: text(
      '',
      'A file of hosts and domains that are known to be bad, one a line; read again when it changes. Empty: none.',
    ),
    loopback: flag(false, 'Whether mail from this machine itself is looked at, too.'),
  })
  .prefault({})
  .describe('Warnings while reading: look-alikes, links that lead elsewhere, files that run.');

const viruses = z
  .strictObject({
    check: flag(true, 'Whether arriving and outgoing mail is looked into for viruses and for files that run.'),
    clamd: text(
      '',
      'ClamAV\'s clamd, as "host:port" or the path of its socket; empty: only what can be told without it. Its StreamMaxLength must be above limits.message_size.',
    ),
    malware: choice(
      ['error-queue', 'discard'],
      'error-queue',
      'What becomes of an arriving mail with a virus. Its sender is never told: it is mostly forged.',
    ),
    executables: choice(
      ['error-queue', 'junk', 'accept'],
      'error-queue',
      'What becomes of one with a file that runs when it is opened, also in an archive.',
    ),
    archives: choice(
      ['error-queue', 'junk', 'accept'],
      'accept',
      'What becomes of one with an archive that cannot be looked into: encrypted, or packed as only other programs unpack it (of RAR and 7z the names are read).',
    ),
    on_failure: choice(
      ['accept', 'retry', 'error-queue'],
      'retry',
      'What happens to mail while clamd does not answer: it passes unscanned, waits (for some 14 hours, then the error queue), or goes to the error queue. Users who send are asked to try later, unless it is accept.',
    ),
    seconds: count(30, { min: 1, max: 50 }, 'How long a scanner has for one mail, its waiting for a turn included.'),
  })
  .prefault({})
  .describe('Viruses, and other files that do harm.');

const modules = z
  .strictObject({
    load: texts(
      'Extension modules of your own: files of JavaScript or TypeScript that export `module` (see HACKING.md). They run inside the service, with its rights.',
      'a list of files such as ["./my-module.ts"]',
    ),
    search_indexing: flag(
      true,
      'Whether the search index follows the mail, some 30 s behind it; otherwise those who search wait until what came is indexed (at most some 1,000 messages).',
    ),
    private_addresses: flag(
      false,
      "Whether users' webhooks and push services may be on this machine and in private networks, and without TLS.",
    ),
  })
  .prefault({})
  .describe('Extension modules: they hear what happens in accounts.');

const pager = z
  .strictObject({
    url: text('', 'The HTTP gateway that sends short messages to telephones; empty: none.'),
    format: choice(['json', 'form'], 'json', 'How the template is written: values are put in accordingly.'),
    template: text(
      '{"to":"{to}","text":"{text}"}',
      'What is posted to the gateway; {to} is the number, {text} the author and subject.',
    ),
    authorization: text('', 'Value of the Authorization header for the gateway; empty: none.', { secret: true }),
    per_hour: count(20, { min: 1, max: 1000 }, 'Short messages an hour for each account.'),
  })
  .prefault({})
  .describe('Short messages about new mail, for users who ask for them (`PUT /v1/settings/pager`).');

const downmail = z
  .strictObject({
    mode: choice(
      ['conventional', 'downmail', 'hybrid-send', 'hybrid-receive', 'gateway'],
      'conventional',
      'What this server is: conventional; downmail, where originals stay with their senders until they are fetched, and notifications travel; only one of the two, for what is sent or for what is taken; or a gateway, which keeps originals that other servers hand over for their recipients.',
    ),
    phase: choice(
      ['introduction', 'diffusion', 'maturity'],
      'introduction',
      'How far Downmail has come. introduction: who knows nothing of it gets mail whole; diffusion: notifications, too; maturity: and from others only notifications are taken.',
    ),
    signal_limit: count(
      1000,
      { min: 200, max: 1_000_000 },
      'Bytes of body up to which a mail travels whole, notifications and receipts among them.',
    ),
    excerpt_bytes: count(100, { min: 0, max: 1000 }, 'Bytes of the original that a notification shows.'),
    public_url: text(
      '',
      'Where recipients pick originals up with a browser, as it stands in notifications: "https://mail.example.org". Empty: https://, and hostname.',
    ),
    keep: choice(
      ['until-fetched', 'until-deleted', 'until-expired'],
      'until-deleted',
      'What becomes of an original that was fetched: it goes within the hour, it goes when its recipient deletes it, or it stays until it expires.',
    ),
    keep_days: count(30, { min: 1, max: 365 }, 'Days after which an original that nobody fetched is removed.'),
    warn_days: count(3, { min: 0, max: 365 }, 'So many days before, its sender is told; 0 = not.'),
    report_days: count(
      7,
      { min: 0, max: 365 },
      'Every so many days the owner of a sender mailbox is told by mail how much room it uses, and what waits longest; every day when it is nearly full. 0 = not.',
    ),
    room: size('1GB', 'Room of a new sender mailbox; 0 = no limit.'),
    count: choice(
      ['once', 'each'],
      'once',
      'Whether a mail to many counts once, as it is stored, or once for each recipient who has not fetched it.',
    ),
    mailboxes: choice(
      ['automatic', 'opened'],
      'automatic',
      'Who has a sender mailbox: everybody as soon as it is needed, or those for whom `pabal downmail open` opened one.',
    ),
    large_limit: size(
      '0',
      'Mail of more bytes is held whoever it is for, so that large attachments pass where they would be refused; 0 = no such limit.',
    ),
    domains: texts(
      'What holds for mail that people of single domains send, before the phase and after their own settings: whole, held, or held for those they do not know.',
      'a list such as ["example.test=downmail", "office.test=conventional", "shop.test=strangers"]',
      isDomainMode,
    ),
    notification_domains: texts(
      'Domains whose people take notifications for granted; others say so in DNS (TXT "v=DOWNMAIL1" at _downmail.DOMAIN).',
      'a list of domains such as ["example.test"]',
    ),
    gateway: text(
      '',
      'What keeps the originals of conventional senders for recipients who want notifications: "here", this service; or the domain of another one, to which they are handed over. Empty: they are refused.',
    ),
    gateway_domains: texts(
      'For whose people this service is the gateway (mode gateway).',
      'a list of domains such as ["example.test"]',
    ),
    gateway_mailboxes: choice(
      ['automatic', 'opened'],
      'automatic',
      'For whom the gateway keeps originals: for everybody here, and elsewhere for those whose own server hands one over (SPF); or for those for whom `pabal downmail open --gateway` opened a mailbox.',
    ),
    gateway_room: size('100MB', 'Room at the gateway for each recipient; 0 = no limit.'),
    refetch_hours: count(
      24,
      { min: 0, max: 720 },
      'Hours after which it is looked whether an original that was fetched, and deleted at its sender, can still be fetched: the sign of a sender of spam; 0 = never.',
    ),
    undeleted: choice(
      ['note', 'junk'],
      'note',
      'What is done about a server that still has what it said it deleted: `pabal downmail undeleted` shows it; or its mail goes to Junk as well, once enough accounts have found it out.',
    ),
    undeleted_accounts: count(3, { min: 1, max: 20 }, 'How many accounts that takes.'),
    private_addresses: flag(
      false,
      'Whether originals may be fetched from this machine and from private networks, and without TLS.',
    ),
  })
  .prefault({})
  .describe('Downmail: mail that stays with its sender until it is fetched.');

const log = z
  .strictObject({
    level: choice(['debug', 'info', 'warn', 'error', 'silent'], 'info', 'What is written to the log.'),
  })
  .prefault({})
  .describe('The log: one JSON record a line on standard output.');

const store = z
  .strictObject({
    postgres: text(
      '',
      'Where mail is kept instead of in the data folder, attachments and all: PostgreSQL 15 or newer, as "postgresql://user:password@host/database". The database is made before and is used by nothing else. One service uses it at a time. Empty: the embedded store.',
      { secret: true },
    ),
    standby: flag(
      false,
      'While another service uses the database of store.postgres: stand by, and take over when it ends or falls silent. Else a second service ends with an error.',
    ),
    takeover_seconds: count(
      8,
      { min: 2, max: 600 },
      'Seconds for which the service that uses the database may be silent before one that stands by takes over. One whose process ends is taken over at once.',
    ),
    redis: text(
      '',
      'A Redis that is asked for rates and told of changes, as "redis://user:password@host:6379/0" (rediss: with TLS). It may lose everything and be away at any moment: then this service counts in memory. Empty: it always does.',
      { secret: true },
    ),
    s3: z
      .strictObject({
        endpoint: text(
          '',
          'Where large attachments are kept instead of in the database: an S3, as "https://s3.eu-central-1.amazonaws.com". With store.postgres only, from the first mail on. Empty: none.',
        ),
        bucket: text('', 'The bucket, made before.'),
        region: text('us-east-1', 'The region with which requests are signed.'),
        access_key: text('', 'The access key id.'),
        secret_key: text('', 'The secret access key.', { secret: true }),
        secret_file: text('', 'A file with the secret access key and nothing else, instead of the key itself.'),
        prefix: text('', 'Begins the name of every object, so that others may use the same bucket.'),
      })
      .prefault({}),
    redis_prefix: text('pabal', 'Begins every key and channel in Redis; another installation takes another one.'),
  })
  .prefault({})
  .describe('The store.');

const demo = z
  .strictObject({ letters: flag(true, 'Whether a letter arrives now and then, from the sixth minute on.') })
  .prefault({})
  .describe('What `--demo` shows.');

export const schema = z.strictObject({
  data: text(
    './data',
    'Folder that holds everything: store, attachments, certificate. Relative to the working folder.',
  ),
  hostname: text('localhost', 'Name of this server in greetings and trace lines; the first domain on the first run.'),
  profile: choice(['single'], 'single', 'Which composition runs: one process.'),
  store,
  listen,
  tls,
  acme,
  outbound,
  feedback,
  reports,
  dns,
  authentication,
  spam,
  protection,
  viruses,
  modules,
  pager,
  downmail,
  http,
  limits,
  sign_up: signUp,
  demo,
  log,
});

/** The effective configuration. */
export type Config = z.output<typeof schema>;
