/**
 * Mail programs find their settings: Thunderbird's autoconfig (config-v1.1), Outlook's Autodiscover (POX, MS-OXDSCLI §2.2.4), and a
 * profile for Apple's programs. They tell what the start page tells everybody, and whether a domain is ours; never whether somebody exists.
 */
import { hash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Directory } from '../../../directory/api.ts';
import { html, type Html } from '../html.ts';
import { Problem } from '../reply.ts';

interface Programs {
  readonly directory: Pick<Directory, 'domain'>;
  readonly hostname: string;
  readonly listening: () => Readonly<Record<string, readonly string[]>>;
}

interface Server {
  readonly type: 'imap' | 'pop3' | 'smtp';
  readonly port: number;
  /** From the start, not by STARTTLS. */
  readonly tls: boolean;
}

const OFFERED: readonly (readonly [listener: string, type: Server['type'], tls: boolean])[] = [
  ['imaps', 'imap', true],
  ['imap', 'imap', false],
  ['pop3s', 'pop3', true],
  ['pop3', 'pop3', false],
  ['submissions', 'smtp', true],
  ['submission', 'smtp', false],
];
const BODY_BYTES = 8_192;
const XML = 'application/xml; charset=utf-8';
const open = { config: { access: 'public' }, schema: { hide: true } } as const;

export function autoconfigurationRoutes(app: FastifyInstance, programs: Programs): void {
  for (const type of ['text/xml', 'application/xml'])
    app.addContentTypeParser(type, { parseAs: 'string', bodyLimit: BODY_BYTES }, (_request, body, done) =>
      done(null, body),
    );

  const thunderbird = async (request: FastifyRequest) =>
    clientConfig(programs, await ourDomain(programs, domainOf(asked(request, 'emailaddress')) ?? hostDomain(request)));
  app.get('/.well-known/autoconfig/mail/config-v1.1.xml', open, async (request, reply) =>
    reply.type(XML).send(await thunderbird(request)),
  );
  app.get('/mail/config-v1.1.xml', open, async (request, reply) => reply.type(XML).send(await thunderbird(request)));

  // Outlook writes it in both ways.
  for (const path of ['/autodiscover/autodiscover.xml', '/Autodiscover/Autodiscover.xml'])
    app.post(path, open, async (request, reply) => {
      const address = /<EMailAddress>\s{0,20}([^<>\s]{3,320})\s{0,20}<\/EMailAddress>/i.exec(String(request.body))?.[1];
      if (address === undefined) throw new Problem('invalid', 'The request names no address.');
      await ourDomain(programs, domainOf(address));
      return await reply.type(XML).send(autodiscover(programs, address));
    });

  app.get('/apple.mobileconfig', open, async (request, reply) => {
    const address = asked(request, 'address');
    const domain = await ourDomain(programs, domainOf(address));
    return await reply
      .header('content-disposition', `attachment; filename="${domain}.mobileconfig"`)
      .type('application/x-apple-aspen-config')
      .send(appleProfile(programs, address));
  });
}

function asked(request: FastifyRequest, name: string): string {
  const value = (request.query as Record<string, unknown>)[name];
  return typeof value === 'string' && value.length <= 320 ? value : '';
}

function domainOf(address: string): string | undefined {
  const found = /^[^\s@<>]{1,64}@([^\s@<>]{1,255})$/.exec(address)?.[1];
  return found?.toLowerCase();
}

/** `autoconfig.example.com` is asked for example.com. */
function hostDomain({ hostname }: FastifyRequest): string {
  return hostname.toLowerCase().replace(/^(?:autoconfig|autodiscover)\./, '');
}

/** Throws `not-found` for what is not ours. */
async function ourDomain({ directory }: Programs, name: string | undefined): Promise<string> {
  const found = name === undefined ? undefined : await directory.domain(name).catch(() => undefined);
  if (found === undefined) throw new Problem('not-found');
  return found.name;
}

/** What listens, the way that is best first. */
function servers({ listening }: Programs): Server[] {
  const all = listening();
  return OFFERED.flatMap(([listener, type, tls]) => {
    const port = Number(all[listener]?.[0]?.split(':').at(-1));
    return Number.isInteger(port) ? [{ type, port, tls }] : [];
  });
}

function clientConfig(programs: Programs, domain: string): string {
  const server = ({ type, port, tls }: Server): Html => {
    const name = type === 'smtp' ? 'outgoingServer' : 'incomingServer';
    return html`    <${name} type="${type}">
      <hostname>${programs.hostname}</hostname>
      <port>${port}</port>
      <socketType>${tls ? 'SSL' : 'STARTTLS'}</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </${name}>
`;
  };
  return html`<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="${domain}">
    <domain>${domain}</domain>
    <displayName>${domain}</displayName>
    <displayShortName>${domain}</displayShortName>
${servers(programs).map(server)}  </emailProvider>
</clientConfig>
`.toString();
}

function autodiscover(programs: Programs, address: string): string {
  // Outlook takes the first of each kind.
  const protocols = servers(programs).map(
    ({ type, port, tls }) => html`      <Protocol>
        <Type>${type.toUpperCase()}</Type>
        <Server>${programs.hostname}</Server>
        <Port>${port}</Port>
        <DomainRequired>off</DomainRequired>
        <LoginName>${address}</LoginName>
        <SPA>off</SPA>
        <SSL>${tls ? 'on' : 'off'}</SSL>
        <Encryption>${tls ? 'SSL' : 'TLS'}</Encryption>
        <AuthRequired>on</AuthRequired>
      </Protocol>
`,
  );
  return html`<?xml version="1.0" encoding="UTF-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <Account>
      <AccountType>email</AccountType>
      <Action>settings</Action>
${protocols}    </Account>
  </Response>
</Autodiscover>
`.toString();
}

/** Apple's configuration profile, with a payload of type com.apple.mail.managed. The password is asked for on the device. */
function appleProfile(programs: Programs, address: string): string {
  const all = servers(programs);
  const incoming = all.find(({ type }) => type === 'imap') ?? all.find(({ type }) => type === 'pop3');
  const outgoing = all.find(({ type }) => type === 'smtp');
  if (incoming === undefined || outgoing === undefined) throw new Problem('not-found');
  const kind = incoming.type === 'imap' ? 'EmailTypeIMAP' : 'EmailTypePOP';
  const string = (key: string, value: string): Html => html`<key>${key}</key><string>${value}</string>\n`;
  const number = (key: string, value: number): Html => html`<key>${key}</key><integer>${value}</integer>\n`;
  const truth = (key: string, value: boolean): Html =>
    value ? html`<key>${key}</key><true/>\n` : html`<key>${key}</key><false/>\n`; // prettier-ignore
  const server = (way: 'Incoming' | 'Outgoing', { port, tls }: Server): Html[] => [
    string(`${way}MailServerAuthentication`, 'EmailAuthPassword'),
    string(`${way}MailServerHostName`, programs.hostname),
    number(`${way}MailServerPortNumber`, port),
    truth(`${way}MailServerUseSSL`, tls || port !== 25),
    string(`${way}MailServerUsername`, address),
  ];
  return html`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
<key>PayloadContent</key>
<array>
<dict>
${[
  string('EmailAccountType', kind),
  string('EmailAccountDescription', address),
  string('EmailAddress', address),
  ...server('Incoming', incoming),
  ...server('Outgoing', outgoing),
  truth('OutgoingPasswordSameAsIncomingPassword', true),
  string('PayloadDisplayName', address),
  ...payload('com.apple.mail.managed', `${programs.hostname}.mail`, address),
]}</dict>
</array>
${[string('PayloadDisplayName', address), ...payload('Configuration', programs.hostname, address)]}</dict>
</plist>
`.toString();

  function payload(type: string, identifier: string, of: string): Html[] {
    return [
      string('PayloadType', type),
      string('PayloadIdentifier', identifier),
      string('PayloadUUID', uuidOf(`${type} ${identifier} ${of}`)),
      number('PayloadVersion', 1),
    ];
  }
}

/** The same for the same profile: a new one takes the place of the old one on a device. */
function uuidOf(text: string): string {
  const digits = hash('sha256', text, 'hex').toUpperCase();
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20, 32),
  ].join('-'); // prettier-ignore
}
