/**
 * What nobody but its owner may read stays out of the log, the metrics, the answers to errors and the files of the running process
 * (G22, F22): thirty canaries, in passwords, tokens, mails, searches and settings, at the most talkative level of the log.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ImapClient } from '../client/imap.ts';
import { Pop3Client } from '../client/pop3.ts';
import { SmtpClient } from '../client/smtp.ts';
import { WireClient } from '../client/wire.ts';
import { addAccounts, Service } from '../service.ts';

const ALICE = 'alice@example.test';
const canaries: string[] = [];
const planted = (where: string): string => {
  const canary = `canary-${String(canaries.length).padStart(2, '0')}-${where}`;
  canaries.push(canary);
  return canary;
};

test('thirty secrets are in no log, no metric, no answer to an error and no file of the process', async () => {
  await using service = await Service.start({
    sandbox: false,
    set: { 'log.level': 'debug', 'tls.allow_plaintext_login': 'always', 'modules.private_addresses': 'true' },
  });
  const password = planted('password');
  await addAccounts(service.data, [ALICE], password);
  const told: string[] = [];
  const base = `http://${service.at('http')}`;
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const json = body !== undefined && typeof body !== 'string';
    const answer = await fetch(`${base}${path}`, {
      method,
      headers: { ...(json && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: json ? JSON.stringify(body) : (body as string) }),
    });
    const text = await answer.text();
    if (!answer.ok) told.push(text);
    return { status: answer.status, json: text.startsWith('{') ? (JSON.parse(text) as Record<string, string>) : {} };
  };

  // Sign-ins, right and wrong, over every protocol.
  const { token = '' } = (await ask('POST', '/v1/session', { address: ALICE, password })).json;
  expect(token).not.toBe('');
  canaries.push(token);
  /** What must have been done, or its canary was planted nowhere. */
  const done = async (...call: Parameters<typeof ask>) =>
    expect((await ask(...call)).status, call[1]).toBeLessThan(300);
  const as = { authorization: `Bearer ${token}` };
  await ask('POST', '/v1/session', { address: ALICE, password: planted('wrong-http') });
  await ask('POST', '/v1/session', { address: ALICE, password: 1, code: planted('wrong-shape') });
  await ask('GET', '/v1/folders', undefined, { authorization: `Bearer ${planted('bad-token')}` });
  await ask('GET', '/v1/folders', undefined, { cookie: `pabal_session=${planted('bad-cookie')}` });
  await ask('GET', `/sign-in/${planted('sign-in-link')}`);
  await using imap = await ImapClient.connect(service.at('imap'));
  await imap.login(ALICE, password);
  await using wrongImap = await WireClient.connect(service.at('imap'));
  await wrongImap.line();
  await wrongImap.write(`a LOGIN ${ALICE} ${planted('wrong-imap')}\r\n`);
  told.push(await wrongImap.line());
  const initial = (secret: string): string => Buffer.from(`\0${ALICE}\0${secret}`).toString('base64');
  await wrongImap.write(`b AUTHENTICATE PLAIN ${initial(planted('wrong-sasl'))}\r\n`);
  told.push(await wrongImap.line());
  await using pop = await Pop3Client.connect(service.at('pop3'));
  await pop.login(ALICE, planted('wrong-pop3')).catch((error: unknown) => told.push(String(error)));
  await using sieve = await WireClient.connect(service.at('managesieve'));
  while (!(await sieve.line()).startsWith('OK'));
  await sieve.write(`AUTHENTICATE "PLAIN" "${initial(planted('wrong-sieve'))}"\r\n`);
  told.push(await sieve.line());
  await using smtp = await SmtpClient.connect(service.at('submission'));
  await smtp.login(ALICE, planted('wrong-smtp')).catch((error: unknown) => told.push(String(error)));
  await smtp.login(ALICE, password);

  // What is written, in mails that go and in one that comes.
  const attached = {
    name: `${planted('file-name')}.txt`,
    type: 'text/plain',
    content: Buffer.from(planted('file')).toString('base64'),
  }; // prettier-ignore
  const mail = { to: [ALICE], subject: planted('subject'), text: planted('text'), html: `<p>${planted('html')}</p>` };
  await done('POST', '/v1/messages', { ...mail, attachments: [attached] }, as);
  await ask('POST', '/v1/messages', { ...mail, text: planted('refused-text'), to: ['nobody@example.test'] }, as);
  await ask('POST', '/v1/messages', `{"to": "${planted('broken-json')}`, { ...as, 'content-type': 'application/json' });
  await done('POST', '/v1/drafts', { subject: planted('draft'), text: planted('draft-text') }, as);
  const raw = `From: x@elsewhere.test\r\nSubject: ${planted('smtp-subject')}\r\n\r\n${planted('smtp-text')}\r\n`;
  await using from = await SmtpClient.connect(service.at('smtp'));
  await from.send('x@elsewhere.test', [ALICE], Buffer.from(raw));
  await imap.command(`APPEND INBOX {${planted('appended').length}+}\r\n${canaries.at(-1)}`);
  await imap.command('SELECT INBOX');

  // Searches, settings, people, hooks, scripts.
  await done('GET', `/v1/search?q=${planted('search')}`, undefined, as);
  await imap.command(`SEARCH TEXT ${planted('imap-search')}`);
  await done('PUT', `/v1/identities/${ALICE}`, { name: '', signature: planted('signature') }, as);
  await done('POST', '/v1/suppressions', { address: `${planted('suppressed')}@elsewhere.test` }, as);
  await ask('PUT', '/v1/settings/rules-script', { script: `broken ${planted('broken-script')}` }, as);
  await done('POST', '/v1/contacts', { name: planted('contact') }, as);
  await done('POST', '/v1/webhooks', { url: `http://127.0.0.1:9/${planted('hook')}`, events: ['login'] }, as);
  await done('PUT', '/v1/settings/absence', { enabled: true, text: planted('absence'), days: 7 }, as);
  await ask('PUT', '/v1/profile/password', { current: planted('current'), password: planted('next-password') }, as);

  expect(canaries.length).toBeGreaterThanOrEqual(30);
  const metrics = await (await fetch(`${base}/metrics`)).text();
  const files = await Promise.all(
    (await readdir(join(service.data, 'run'), { withFileTypes: true }))
      .filter((file) => file.isFile())
      .map((file) => readFile(join(service.data, 'run', file.name), 'utf8')),
  );
  await service.stop();
  // None of it has been dropped from the beginning.
  expect(service.output).toContain('ready');
  expect(service.output).toContain(ALICE);
  const all = { log: service.output, metrics, answers: told.join('\n'), files: files.join('\n') };
  for (const [where, text] of Object.entries(all))
    for (const canary of canaries)
      for (const form of [canary, Buffer.from(canary).toString('base64').slice(0, -4), encodeURIComponent(canary)])
        expect(text.includes(form), `${canary} in the ${where}`).toBe(false);
});
