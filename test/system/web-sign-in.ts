/** Signing in as the web client shows it: a second step switched on, asked for, and a password for a mail program; a passkey. */
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { ImapClient } from '../client/imap.ts';
import { pabal, type Service } from '../service.ts';
import { codeOf } from '../support/authenticator.ts';

/** The code half a minute from now: it counts already, and longest. */
const nextCode = (key: string): string => codeOf(key, Date.now() + 30_000);

async function opensImap(service: Service, user: string, password: string): Promise<boolean> {
  await using imap = await ImapClient.connect(service.at('imap'));
  return (await imap.command(`LOGIN ${user} ${password}`)).status === 'OK';
}

/** `page` is signed in as `user` with the sandbox's password. */
export async function trySecondStep(page: Page, service: Service, user: string): Promise<void> {
  const security = `http://${service.at('http')}/#/s/security`;
  await page.goto(security);
  const form = (name: string) => page.getByRole('form', { name });
  await form('Switch on').getByLabel('Password, to be sure').fill('pass');
  await form('Switch on').getByRole('button').click();
  await page.getByRole('img', { name: 'The key as a QR code' }).waitFor();
  const key = await page.locator('code').first().textContent();
  const recovery = page.locator('.secrets code');
  // However slow the machine is: a code that came too late is followed by another one.
  while ((await recovery.count()) === 0) {
    await form('Confirm')
      .getByLabel('Code')
      .fill(nextCode(key ?? ''));
    await form('Confirm').getByRole('button').click();
    await recovery.first().or(form('Confirm').getByRole('alert')).waitFor();
  }
  expect(await recovery.count()).toBe(10);
  const [first = '', second = ''] = await recovery.allTextContents();

  await page.getByLabel('Program or device').fill('Phone');
  await page.getByLabel('Send mail (SMTP)').uncheck();
  await page.getByLabel('Your own password').fill('pass');
  await page.getByRole('button', { name: 'Make a password' }).click();
  const made = (await page.locator('p[role=status] code').textContent()) ?? '';
  expect(await opensImap(service, user, 'pass')).toBe(false);
  expect(await opensImap(service, user, made)).toBe(true);
  await page.reload();
  await page.getByText(/Read mail.* last used/).waitFor();
  await page.getByRole('button', { name: 'Remove: Phone' }).click();
  await page.getByText('It opens nothing any more').waitFor();
  expect(await opensImap(service, user, made)).toBe(false);

  await page.context().clearCookies();
  await page.goto('about:blank');
  await page.goto(security);
  await page.locator('[name=address]').fill(user);
  await page.locator('[name=password]').fill('pass');
  await page.locator('.sign-in .primary').click();
  await page.getByLabel('Code').fill('not a code');
  await page.locator('.sign-in .primary').click();
  await page.getByText('That code does not count').waitFor();
  await page.getByLabel('Code').fill(first);
  await page.locator('.sign-in .primary').click();
  await page.getByText('9 recovery codes are left').waitFor();

  await form('Switch off').getByLabel('Password, to be sure').fill('pass');
  await form('Switch off').getByLabel('Code').fill(second);
  await form('Switch off').getByRole('button').click();
  await page.getByText('The second step is switched off').waitFor();
  const shown = await pabal(['account', 'second-step', user, '--data', service.data]);
  expect(shown.stdout).toBe(`${user} signs in without a code\n`);
}

/** A device in the browser that makes passkeys, and whose owner always agrees. Passkeys need a host with a name: `page` goes there. */
export async function tryPasskey(page: Page, service: Service, user: string): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const base = `http://localhost:${service.at('http').split(':').at(-1)}`;
  const security = `${base}/#/s/security`;
  await page.goto(security);
  await page.locator('[name=address]').fill(user);
  await page.locator('[name=password]').fill('pass');
  await page.locator('.sign-in .primary').click();
  const form = page.getByRole('form', { name: 'Make a passkey' });
  await form.getByLabel('Name of the passkey').fill('Laptop');
  await form.getByLabel('Your password, to be sure').fill('pass');
  await form.getByRole('button').click();
  await page.getByText(/on one device.*not used yet/).waitFor();

  await switchOnSecondStep(base, user);
  const leave = async () => {
    await page.context().clearCookies();
    await page.goto('about:blank');
    await page.goto(security);
  };
  await leave();
  const button = page.getByRole('button', { name: 'Sign in with a passkey' });
  await button.click();
  await page.getByText(/on one device.*last used/).waitFor();
  await page.getByRole('button', { name: 'Remove: Laptop' }).click();
  await page.getByText('It opens nothing any more').waitFor();
  await leave();
  await button.click();
  await page.getByText('No passkey was shown').waitFor();
}

/** From then on the password alone opens nothing. */
async function switchOnSecondStep(base: string, user: string): Promise<void> {
  const ask = async (method: string, path: string, body: object, token = '') => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(`${base}/v1${path}`, { method, headers, body: JSON.stringify(body) });
    return (await answer.json()) as Record<string, string>;
  };
  const { token } = await ask('POST', '/session', { address: user, password: 'pass' });
  const { secret = '' } = await ask('POST', '/second-step', { current: 'pass' }, token);
  while ((await ask('PUT', '/second-step', { code: nextCode(secret) }, token))['code'] !== undefined);
  expect((await ask('POST', '/session', { address: user, password: 'pass' }))['code']).toBe('code-required');
}
