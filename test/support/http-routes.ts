/**
 * Every route of the HTTP server, with what a stranger gets there: a route that is not described here fails the test of who
 * reaches what, so none can be added without saying so.
 */
import type { Ids, RouteCase } from './route-case.ts';
import { SIGN_IN_ROUTES } from './sign-in-routes.ts';

const change = { body: { read: true } };

/** With the keys of RFC 8291, appendix A. */
export const subscription = (endpoint: string) => ({
  endpoint,
  keys: {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  },
});

export const moving = (folder: string) => ({ conditions: [], actions: [{ do: 'move', folder }] });

/** Of an account, with what whoever is signed in to another gets. */
export const OWN: Record<string, RouteCase> = {
  ...SIGN_IN_ROUTES,
  'GET /v1/profile': { request: () => ['/v1/profile'], stranger: 200 },
  'PUT /v1/profile/name': { request: () => ['/v1/profile/name', { body: { name: 'x' } }], stranger: 204 },
  'PUT /v1/profile/password': {
    request: () => ['/v1/profile/password', { body: { current: 'not it', password: 'another password' } }],
    stranger: 401,
  },
  'GET /v1/identities': { request: () => ['/v1/identities'], stranger: 200 },
  'PUT /v1/identities/:address': {
    request: (ids) => [`/v1/identities/${ids.identity}`, { body: { name: '', signature: '' } }],
    stranger: 404,
  },
  'GET /v1/identities/:address/image': { request: (ids) => [`/v1/identities/${ids.identity}/image`], stranger: 404 },
  'PUT /v1/identities/:address/image': {
    request: (ids) => [`/v1/identities/${ids.identity}/image`, { body: { content: null } }],
    stranger: 404,
  },
  'GET /v1/oauth/grants': { request: () => ['/v1/oauth/grants'], stranger: 200 },
  'DELETE /v1/oauth/grants/:id': { request: (ids) => [`/v1/oauth/grants/${ids.grant}`], stranger: 404 },
  'GET /v1/folders': { request: () => ['/v1/folders'], stranger: 200 },
  'POST /v1/folders': {
    request: (ids) => ['/v1/folders', { body: { name: 'x', parent: ids.folder } }],
    stranger: 404,
  },
  'PUT /v1/folders/order': {
    request: (ids) => ['/v1/folders/order', { body: { items: [ids.folder] } }],
    stranger: 404,
  },
  'GET /v1/folders/:id': { request: (ids) => [`/v1/folders/${ids.folder}`], stranger: 404 },
  'PATCH /v1/folders/:id': {
    request: (ids) => [`/v1/folders/${ids.folder}`, { body: { name: 'mine' } }],
    stranger: 404,
  },
  'DELETE /v1/folders/:id': { request: (ids) => [`/v1/folders/${ids.folder}`], stranger: 404 },
  'POST /v1/folders/:id/empty': { request: (ids) => [`/v1/folders/${ids.folder}/empty`], stranger: 404 },
  'GET /v1/folders/:id/mbox': { request: (ids) => [`/v1/folders/${ids.folder}/mbox`], stranger: 404 },
  'POST /v1/folders/:id/messages': {
    request: (ids) => [
      `/v1/folders/${ids.folder}/messages?source=x`,
      { body: 'Subject: x\r\n\r\n', headers: { 'content-type': 'message/rfc822' } },
    ],
    stranger: 404,
  },
  'GET /v1/folders/:id/messages': { request: (ids) => [`/v1/folders/${ids.folder}/messages`], stranger: 404 },
  'GET /v1/messages/:id': { request: (ids) => [`/v1/messages/${ids.message}`], stranger: 404 },
  'GET /v1/messages/:id/report': { request: (ids) => [`/v1/messages/${ids.message}/report`], stranger: 404 },
  'GET /v1/messages/:id/page': { request: (ids) => [`/v1/messages/${ids.message}/page`], stranger: 404 },
  'GET /v1/messages/:id/raw': { request: (ids) => [`/v1/messages/${ids.message}/raw`], stranger: 404 },
  'GET /v1/messages/:id/attachments/:n': {
    request: (ids) => [`/v1/messages/${ids.message}/attachments/1`],
    stranger: 404,
  },
  'GET /v1/messages/:id/attachments/:n/shown': {
    request: (ids) => [`/v1/messages/${ids.message}/attachments/1/shown`],
    stranger: 404,
  },
  'PATCH /v1/messages/:id': { request: (ids) => [`/v1/messages/${ids.message}`, change], stranger: 404 },
  'POST /v1/messages/:id/receipt': {
    request: (ids) => [`/v1/messages/${ids.message}/receipt`, { body: { answer: 'decline' } }],
    stranger: 404,
  },
  'POST /v1/messages/:id/original': {
    request: (ids) => [`/v1/messages/${ids.message}/original`, { body: {} }],
    stranger: 404,
  },
  'POST /v1/messages/:id/report': {
    request: (ids) => [`/v1/messages/${ids.message}/report`, { body: { as: 'spam' } }],
    stranger: 404,
  },
  'DELETE /v1/messages/:id': { request: (ids) => [`/v1/messages/${ids.message}`], stranger: 404 },
  // What is named in a mail is the sender's own: the folder for the copy.
  'POST /v1/messages': {
    request: (ids) => ['/v1/messages', { body: { to: ['bob@example.test'], saveTo: ids.folder } }],
    stranger: 404,
  },
  'POST /v1/drafts': {
    request: (ids) => ['/v1/drafts', { body: { attached: [{ message: ids.message, n: 1 }] } }],
    stranger: 404,
  },
  'DELETE /v1/drafts/:id': { request: (ids) => [`/v1/drafts/${ids.message}`], stranger: 404 },
  'POST /v1/messages/batch': {
    request: (ids) => ['/v1/messages/batch', { body: { ids: [ids.message], delete: true } }],
    stranger: 200,
  },
  'POST /v1/messages/snooze': {
    request: (ids) => ['/v1/messages/snooze', { body: { ids: [ids.message], until: '2099-01-01T00:00:00Z' } }],
    stranger: 400,
  },
  'POST /v1/messages/restore': {
    request: (ids) => ['/v1/messages/restore', { body: { ids: [ids.message] } }],
    stranger: 200,
  },
  'GET /v1/labels': { request: () => ['/v1/labels'], stranger: 200 },
  'PUT /v1/labels': { request: () => ['/v1/labels', { body: { items: [] } }], stranger: 200 },
  'GET /v1/rules': { request: () => ['/v1/rules'], stranger: 200 },
  'PUT /v1/rules': { request: (ids) => ['/v1/rules', { body: { items: [moving(ids.folder)] } }], stranger: 404 },
  'POST /v1/rules': { request: (ids) => ['/v1/rules', { body: moving(ids.folder) }], stranger: 404 },
  'PUT /v1/rules/:id': {
    request: (ids) => [`/v1/rules/${ids.rule}`, { body: { conditions: [], actions: [] } }],
    stranger: 404,
  },
  'DELETE /v1/rules/:id': { request: (ids) => [`/v1/rules/${ids.rule}`], stranger: 404 },
  'GET /v1/classifications': { request: () => ['/v1/classifications'], stranger: 200 },
  'POST /v1/classifications': {
    request: (ids) => ['/v1/classifications', { body: { folder: ids.folder, preview: true } }],
    stranger: 404,
  },
  'POST /v1/folders/:id/tidy': {
    request: (ids) => [`/v1/folders/${ids.folder}/tidy`, { body: { olderThanDays: 1 } }],
    stranger: 404,
  },
  'GET /v1/classifications/:id': { request: (ids) => [`/v1/classifications/${ids.run}`], stranger: 404 },
  'DELETE /v1/classifications/:id': { request: (ids) => [`/v1/classifications/${ids.run}`], stranger: 404 },
  'POST /v1/classifications/:id/undo': {
    request: (ids) => [`/v1/classifications/${ids.run}/undo`],
    stranger: 404,
  },
  'GET /v1/reject-list': { request: () => ['/v1/reject-list'], stranger: 200 },
  'PUT /v1/reject-list': { request: () => ['/v1/reject-list', { body: { items: [] } }], stranger: 200 },
  'GET /v1/scripts': { request: () => ['/v1/scripts'], stranger: 200 },
  'GET /v1/scripts/:name': { request: (ids) => [`/v1/scripts/${ids.script}`], stranger: 404 },
  'PUT /v1/scripts/:name': {
    request: (ids) => [`/v1/scripts/${ids.script}`, { body: { active: true } }],
    stranger: 404,
  },
  'DELETE /v1/scripts/:name': { request: (ids) => [`/v1/scripts/${ids.script}`], stranger: 404 },
  'GET /v1/folders/:id/script': { request: (ids) => [`/v1/folders/${ids.folder}/script`], stranger: 404 },
  'PUT /v1/folders/:id/script': {
    request: (ids) => [`/v1/folders/${ids.folder}/script`, { body: { script: null } }],
    stranger: 404,
  },
  'GET /v1/people': { request: () => ['/v1/people'], stranger: 200 },
  'GET /v1/people/:address': { request: (ids) => [`/v1/people/${ids.person}`], stranger: 404 },
  'PUT /v1/people/:address': {
    request: (ids) => [`/v1/people/${ids.person}`, { body: { folder: ids.folder } }],
    stranger: 404,
  },
  'DELETE /v1/people/:address': { request: (ids) => [`/v1/people/${ids.person}`], stranger: 404 },
  'GET /v1/contacts': { request: (ids) => [`/v1/contacts?group=${ids.group}`], stranger: 404 },
  'POST /v1/contacts': { request: () => ['/v1/contacts', { body: { note: 'of nobody' } }], stranger: 400 },
  'GET /v1/contacts/suggest': { request: () => ['/v1/contacts/suggest?q=alice'], stranger: 200 },
  'GET /v1/contacts/export': { request: (ids) => [`/v1/contacts/export?group=${ids.group}`], stranger: 404 },
  'POST /v1/contacts/import': {
    request: () => ['/v1/contacts/import', { body: 'x', headers: { 'content-type': 'text/csv' } }],
    stranger: 400,
  },
  'POST /v1/contacts/batch': {
    request: (ids) => ['/v1/contacts/batch', { body: { ids: [ids.contact], delete: true } }],
    stranger: 200,
  },
  'GET /v1/contacts/:id': { request: (ids) => [`/v1/contacts/${ids.contact}`], stranger: 404 },
  'PUT /v1/contacts/:id': {
    request: (ids) => [`/v1/contacts/${ids.contact}`, { body: { name: 'mine' } }],
    stranger: 404,
  },
  'DELETE /v1/contacts/:id': { request: (ids) => [`/v1/contacts/${ids.contact}`], stranger: 404 },
  'GET /v1/contact-groups': { request: () => ['/v1/contact-groups'], stranger: 200 },
  'POST /v1/contact-groups': {
    request: (ids) => ['/v1/contact-groups', { body: { name: 'mine', members: [ids.contact] } }],
    stranger: 404,
  },
  'GET /v1/contact-groups/:id': { request: (ids) => [`/v1/contact-groups/${ids.group}`], stranger: 404 },
  'PUT /v1/contact-groups/:id': {
    request: (ids) => [`/v1/contact-groups/${ids.group}`, { body: { name: 'mine' } }],
    stranger: 404,
  },
  'DELETE /v1/contact-groups/:id': { request: (ids) => [`/v1/contact-groups/${ids.group}`], stranger: 404 },
  'GET /v1/settings/absence': { request: () => ['/v1/settings/absence'], stranger: 200 },
  'PUT /v1/settings/absence': {
    request: () => ['/v1/settings/absence', { body: { enabled: false } }],
    stranger: 200,
  },
  'GET /v1/settings/time-zone': { request: () => ['/v1/settings/time-zone'], stranger: 200 },
  'PUT /v1/settings/time-zone': {
    request: () => ['/v1/settings/time-zone', { body: { timeZone: 'Asia/Seoul' } }],
    stranger: 200,
  },
  'GET /v1/settings/rules-script': { request: () => ['/v1/settings/rules-script'], stranger: 200 },
  'PUT /v1/settings/rules-script': {
    request: () => ['/v1/settings/rules-script', { body: { script: '' } }],
    stranger: 200,
  },
  'GET /v1/settings/receipts': { request: () => ['/v1/settings/receipts'], stranger: 200 },
  'PUT /v1/settings/receipts': {
    request: () => ['/v1/settings/receipts', { body: { answer: 'ask' } }],
    stranger: 200,
  },
  'GET /v1/settings/originals': { request: () => ['/v1/settings/originals'], stranger: 200 },
  'PUT /v1/settings/originals': {
    request: () => ['/v1/settings/originals', { body: { automatic: 'known' } }],
    stranger: 200,
  },
  'GET /v1/originals/undeleted': { request: () => ['/v1/originals/undeleted'], stranger: 200 },
  'DELETE /v1/originals/undeleted/:host': {
    request: () => ['/v1/originals/undeleted/mail.evil.test'],
    stranger: 404,
  },
  'GET /v1/settings/language': { request: () => ['/v1/settings/language'], stranger: 200 },
  'PUT /v1/settings/language': {
    request: () => ['/v1/settings/language', { body: { language: null } }],
    stranger: 200,
  },
  'GET /v1/settings/sending': { request: () => ['/v1/settings/sending'], stranger: 200 },
  'PUT /v1/settings/sending': {
    request: () => ['/v1/settings/sending', { body: { copyFromPrograms: false } }],
    stranger: 200,
  },
  'GET /v1/submissions': { request: () => ['/v1/submissions'], stranger: 200 },
  'GET /v1/submissions/:id': { request: (ids) => [`/v1/submissions/${ids.submission}`], stranger: 404 },
  'DELETE /v1/submissions/:id': { request: (ids) => [`/v1/submissions/${ids.submission}`], stranger: 404 },
  'POST /v1/submissions/:id/recall': {
    request: (ids) => [`/v1/submissions/${ids.submission}/recall`],
    stranger: 404,
  },
  'GET /v1/recalled': { request: () => ['/v1/recalled'], stranger: 200 },
  'GET /v1/settings/new-mail': { request: () => ['/v1/settings/new-mail'], stranger: 200 },
  'PUT /v1/settings/new-mail': {
    request: () => ['/v1/settings/new-mail', { body: { enabled: false } }],
    stranger: 200,
  },
  'GET /v1/settings/recall': { request: () => ['/v1/settings/recall'], stranger: 200 },
  'PUT /v1/settings/recall': {
    request: () => ['/v1/settings/recall', { body: { allow: true, note: true } }],
    stranger: 200,
  },
  'GET /v1/sender-mailbox': { request: () => ['/v1/sender-mailbox'], stranger: 403 },
  'GET /v1/sender-mailbox/copies': { request: () => ['/v1/sender-mailbox/copies'], stranger: 200 },
  'GET /v1/sender-mailbox/copies/:id': {
    request: (ids) => [`/v1/sender-mailbox/copies/${ids.copy}`],
    stranger: 404,
  },
  'GET /v1/sender-mailbox/copies/:id/raw': {
    request: (ids) => [`/v1/sender-mailbox/copies/${ids.copy}/raw`],
    stranger: 404,
  },
  'DELETE /v1/sender-mailbox/copies/:id': {
    request: (ids) => [`/v1/sender-mailbox/copies/${ids.copy}`],
    stranger: 404,
  },
  'POST /v1/sender-mailbox/delete': {
    request: (ids) => ['/v1/sender-mailbox/delete', { body: { mail: ids.copy.slice(0, 24) } }],
    stranger: 200,
  },
  'POST /v1/sender-mailbox/notify': {
    request: (ids) => ['/v1/sender-mailbox/notify', { body: { mail: ids.copy.slice(0, 24) } }],
    stranger: 200,
  },
  'GET /v1/settings/downmail': { request: () => ['/v1/settings/downmail'], stranger: 200 },
  'PUT /v1/settings/downmail': {
    request: () => ['/v1/settings/downmail', { body: { send: 'strangers' } }],
    stranger: 200,
  },
  'GET /v1/suppressions': { request: () => ['/v1/suppressions'], stranger: 200 },
  'POST /v1/suppressions': {
    request: () => ['/v1/suppressions', { body: { address: 'x@elsewhere.test' } }],
    stranger: 200,
  },
  'DELETE /v1/suppressions/:address': {
    request: (ids) => [`/v1/suppressions/${ids.suppressed}`],
    stranger: 404,
  },
  'GET /v1/settings/pager': { request: () => ['/v1/settings/pager'], stranger: 200 },
  'PUT /v1/settings/pager': {
    request: () => ['/v1/settings/pager', { body: { to: '+82 10 1234 5678' } }],
    stranger: 403,
  },
  'GET /v1/webhooks': { request: () => ['/v1/webhooks'], stranger: 200 },
  'POST /v1/webhooks': {
    request: () => ['/v1/webhooks', { body: { url: 'http://hooks.test/', events: ['login'] } }],
    stranger: 400,
  },
  'DELETE /v1/webhooks/:id': { request: (ids) => [`/v1/webhooks/${ids.webhook}`], stranger: 404 },
  'GET /v1/push/key': { request: () => ['/v1/push/key'], stranger: 200 },
  'GET /v1/push/subscriptions': { request: () => ['/v1/push/subscriptions'], stranger: 200 },
  'POST /v1/push/subscriptions': {
    request: () => ['/v1/push/subscriptions', { body: subscription('http://push.test/') }],
    stranger: 400,
  },
  'DELETE /v1/push/subscriptions/:id': {
    request: (ids) => [`/v1/push/subscriptions/${ids.push}`],
    stranger: 404,
  },
  'GET /v1/folders/:id/threads': { request: (ids) => [`/v1/folders/${ids.folder}/threads`], stranger: 404 },
  'GET /v1/threads/:id': { request: (ids) => [`/v1/threads/${ids.thread}`], stranger: 404 },
  'GET /v1/search': { request: () => ['/v1/search?q=marker'], stranger: 200 },
  'GET /v1/search/suggestions': { request: () => ['/v1/search/suggestions?q=alice'], stranger: 200 },
  // A stream of one's own account, whatever is asked; what it carries is tested with the events.
  'GET /v1/events': { request: () => ['/v1/events', { headers: { 'last-event-id': 'x' } }], stranger: 400 },
};

/** What programs that were let in (OAuth) do not reach. */
export const OPENS_THE_ACCOUNT = [
  'DELETE /v1/session',
  'POST /v1/session/confirm',
  'GET /v1/sessions',
  'DELETE /v1/sessions/:id',
  'PUT /v1/profile/password',
  'GET /v1/app-passwords',
  'POST /v1/app-passwords',
  'DELETE /v1/app-passwords/:id',
  'GET /v1/passkeys',
  'POST /v1/passkeys',
  'POST /v1/passkeys/options',
  'DELETE /v1/passkeys/:id',
  'POST /v1/passkeys/confirmation',
  'POST /v1/passkeys/confirmation/options',
  'GET /v1/second-step',
  'POST /v1/second-step',
  'PUT /v1/second-step',
  'POST /v1/second-step/recovery-codes',
  'POST /v1/second-step/end',
  'GET /v1/oauth/grants',
  'DELETE /v1/oauth/grants/:id',
];

/** Public by intent. */
export const PUBLIC = [
  'POST /v1/session',
  'POST /v1/session/passkey',
  'POST /v1/session/passkey/options',
  'GET /v1/sign-up',
  'GET /v1/openapi.json',
  'GET /healthz',
  'GET /',
  'GET /start',
  'GET /style.css',
  'GET /.well-known/acme-challenge/:token',
  'GET /.well-known/mta-sts.txt',
  // Shows what we sealed, and nothing else.
  'GET /leave',
  // Fetches what we sealed, and nothing else.
  'GET /image',
  // What the start page tells everybody, for programs.
  'GET /.well-known/autoconfig/mail/config-v1.1.xml',
  'GET /mail/config-v1.1.xml',
  'POST /autodiscover/autodiscover.xml',
  'POST /Autodiscover/Autodiscover.xml',
  'GET /apple.mobileconfig',
  // Who asks, who agrees and who comes with a code, is asked by them: tested with them.
  'GET /.well-known/oauth-authorization-server',
  'GET /oauth/authorize',
  'POST /oauth/authorize',
  'GET /oauth/device',
  'POST /oauth/device',
  'POST /oauth/device_authorization',
  'POST /oauth/token',
  'POST /oauth/revoke',
  'GET /problems',
  'GET /sign-in/:token',
  'POST /sign-in/:token',
  // Who has the password of a notification has signed in: tested with them.
  'GET /downmail/help',
  'GET /downmail/:sender/:recipient/:number/:password',
  'POST /downmail/:sender/:recipient/:number/:password',
  'DELETE /downmail/:sender/:recipient/:number/:password',
];
/** Ids that nobody has. */
export const MISSING: Ids = {
  folder: '999',
  message: '99999',
  thread: 'f'.repeat(24),
  submission: 'f'.repeat(24),
  copy: `${'f'.repeat(24)}.0.0`,
  suppressed: 'nobody@elsewhere.test',
  rule: 'f'.repeat(12),
  script: 'nothing',
  person: 'nobody@elsewhere.test',
  webhook: 'f'.repeat(12),
  push: 'f'.repeat(22),
  run: 'f'.repeat(12),
  session: 'f'.repeat(43),
  appPassword: 'f'.repeat(43),
  passkey: 'f'.repeat(43),
  grant: 'f'.repeat(43),
  identity: 'nobody@example.test',
  contact: 'f'.repeat(16),
  group: 'f'.repeat(16),
  accountData: 'f'.repeat(40),
};
