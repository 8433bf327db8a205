/** OAuth with a client library and a mail program that nobody here wrote, against the whole service. */
import { ImapFlow } from 'imapflow';
import { createTransport } from 'nodemailer';
import * as client from 'openid-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostAndPort, WireClient } from '../client/wire.ts';
import { pabal, Service } from '../service.ts';

const KIM = 'kim@mail.test';
const REDIRECT = 'http://127.0.0.1:9/callback';

let service: Service;
let issuer: URL;
beforeAll(async () => {
  service = await Service.start();
  issuer = new URL(`http://${service.at('http')}`);
});
afterAll(() => service[Symbol.asyncDispose]());

const insecure: client.DiscoveryRequestOptions = { execute: [client.allowInsecureRequests], algorithm: 'oauth2' };
const discover = (id = 'mail-program') => client.discovery(issuer, id, undefined, client.None(), insecure);

/** What somebody at a browser does. */
async function agree(url: URL): Promise<URL> {
  const page = await fetch(url);
  const [, action = ''] = /<form method="post" action="([^"]+)"/.exec(await page.text()) ?? [];
  const form = new URLSearchParams({ do: 'allow', address: KIM, password: 'pass' });
  const answer = await fetch(new URL(action.replaceAll('&amp;', '&'), url), {
    method: 'POST',
    body: form,
    headers: { origin: issuer.origin },
    redirect: 'manual',
  });
  expect(answer.status).toBe(303);
  return new URL(answer.headers.get('location') ?? '');
}

async function authorised(config: client.Configuration, scope: string) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT,
    scope,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  });
  const back = await agree(url);
  return await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state });
}

/** What imapflow says: the subjects' count, or why not. */
async function imap(accessToken: string): Promise<string> {
  const { host, port } = hostAndPort(service.at('imap'));
  const flow = new ImapFlow({
    host,
    port,
    secure: false,
    doSTARTTLS: false,
    auth: { user: KIM, accessToken },
    logger: false,
  });
  try {
    await flow.connect();
    const { exists } = await flow.mailboxOpen('INBOX');
    await flow.logout();
    return `in, ${exists}`;
  } catch (error) {
    return (error as { authenticationFailed?: boolean }).authenticationFailed === true ? 'refused' : String(error);
  }
}

test('a program asks, its owner agrees, imapflow and nodemailer sign in, refresh, and are out when it ends', async () => {
  const config = await discover();
  expect(config.serverMetadata().issuer).toBe(issuer.origin);
  const first = await authorised(config, 'imap send');
  expect(first.expires_in).toBe(3600);
  expect(await imap(first.access_token)).toBe('in, 0');
  const { host, port } = hostAndPort(service.at('submission'));
  const auth = { type: 'OAuth2', user: KIM, accessToken: first.access_token } as const;
  const mail = createTransport({ host, port, secure: false, ignoreTLS: true, auth });
  await mail.sendMail({ from: KIM, to: KIM, subject: 'by token', text: 'x' });
  mail.close();

  const second = await client.refreshTokenGrant(config, first.refresh_token ?? '');
  expect(await imap(second.access_token)).toMatch(/^in, /);
  await client.tokenRevocation(config, second.refresh_token ?? '');
  for (const { access_token } of [first, second]) expect(await imap(access_token)).toBe('refused');
  await expect(client.refreshTokenGrant(config, second.refresh_token ?? '')).rejects.toMatchObject({
    error: 'invalid_grant',
  });
});

test('a device is let in', async () => {
  const config = await discover();
  const begun = await client.initiateDeviceAuthorization(config, { scope: 'pop3' });
  const form = { user_code: begun.user_code, do: 'allow', address: KIM, password: 'pass' };
  const done = await fetch(begun.verification_uri, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: { origin: issuer.origin },
  });
  expect(done.status).toBe(200);
  const { access_token } = await client.pollDeviceAuthorizationGrant(config, { ...begun, interval: 0 });
  const said = await sasl('pop3', access_token);
  expect(said).toEqual([expect.stringMatching(/^\+OK /)]);
});

test('every protocol says why a token opens nothing, and refuses in its own words', async () => {
  const { access_token } = await authorised(await discover(), 'imap');
  const why = { status: 'insufficient_scope' };
  const told = (line: string | undefined) => JSON.parse(Buffer.from(line ?? '', 'base64').toString()) as unknown;
  const [pop3, ended] = await sasl('pop3', access_token);
  expect(told(pop3?.slice(2))).toEqual({ ...why, scope: 'pop3' });
  expect(ended).toMatch(/^-ERR \[AUTH\]/);
  const [smtp, failed] = await sasl('submission', access_token);
  expect(told(smtp?.slice(4))).toEqual({ ...why, scope: 'send' });
  expect(failed).toMatch(/^535 5\.7\.8 /);
  const [sieve, no] = await sasl('managesieve', access_token);
  expect(told(sieve?.replaceAll('"', ''))).toEqual({ ...why, scope: 'sieve' });
  expect(no).toMatch(/^NO /);
  const rest = await fetch(new URL('/v1/folders', issuer), { headers: { authorization: `Bearer ${access_token}` } });
  expect([rest.status, rest.headers.get('www-authenticate')]).toEqual([
    403,
    'Bearer error="insufficient_scope", scope="rest"',
  ]);
});

test('a client of the operator’s own uses the REST API, until it is removed', async () => {
  const cli = async (...args: string[]) => {
    const { code, stdout, stderr } = await pabal(['oauth', 'client', ...args, '--data', service.data]);
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const made = JSON.parse(await cli('add', 'Notes', '--redirect', REDIRECT, '--confidential', '--json')) as {
    id: string;
    secret: string;
  };
  const config = await client.discovery(issuer, made.id, undefined, client.ClientSecretBasic(made.secret), insecure);
  const { access_token } = await authorised(config, 'rest');
  const call = async () =>
    (await fetch(new URL('/v1/folders', issuer), { headers: { authorization: `Bearer ${access_token}` } })).status;
  expect(await call()).toBe(200);
  expect(await cli('list')).toContain('Notes');
  await cli('remove', made.id);
  expect(await call()).toBe(401);
});

test('what is taken back signs out whoever came with it, over every protocol', async () => {
  const config = await discover();
  const { access_token, refresh_token } = await authorised(config, 'imap pop3 send sieve');
  const opened = await Promise.all(
    (['pop3', 'submission', 'managesieve', 'imap'] as const).map((protocol) => begun(protocol, access_token)),
  );
  for (const { said } of opened) expect(said[0]).toMatch(/^(?:\+OK|235|OK|a OK) /);
  await client.tokenRevocation(config, refresh_token ?? '');
  const farewells = await Promise.all(opened.map(({ wire }) => wire.line()));
  expect(farewells).toEqual([
    expect.stringMatching(/^-ERR \[AUTH\] You are signed out/),
    expect.stringMatching(/^421 4\.7\.0 You are signed out/),
    expect.stringMatching(/^BYE "You are signed out/),
    expect.stringMatching(/^\* BYE \[AUTHORIZATIONFAILED\] You are signed out/),
  ]);
  for (const { wire } of opened) await wire[Symbol.asyncDispose]();
});

type Protocol = 'pop3' | 'submission' | 'managesieve' | 'imap';

const COMMANDS: Readonly<Record<Protocol, string>> = {
  pop3: 'AUTH OAUTHBEARER',
  submission: 'AUTH OAUTHBEARER',
  managesieve: 'AUTHENTICATE "OAUTHBEARER"',
  imap: 'a AUTHENTICATE OAUTHBEARER',
};

async function sasl(protocol: Protocol, token: string): Promise<readonly string[]> {
  const { wire, said } = await begun(protocol, token);
  await wire[Symbol.asyncDispose]();
  return said;
}

/** Signs in with the token, and answers what is said until the server has decided. */
async function begun(protocol: Protocol, token: string) {
  const text = Buffer.from(`n,,\x01auth=Bearer ${token}\x01\x01`).toString('base64');
  const wire = await WireClient.connect(service.at(protocol));
  const quoted = protocol === 'managesieve';
  if (quoted) while (!(await wire.line()).startsWith('OK'));
  else await wire.line();
  if (protocol === 'submission') {
    await wire.write('EHLO here\r\n');
    while ((await wire.line()).startsWith('250-'));
  }
  await wire.write(`${COMMANDS[protocol]} ${quoted ? `"${text}"` : text}\r\n`);
  const said = [await wire.line()];
  if (/^(?:\+ |334 |")/.test(said[0] ?? '')) {
    await wire.write(quoted ? '"AQ=="\r\n' : 'AQ==\r\n');
    said.push(await wire.line());
  }
  return { wire, said };
}
