/** Routes to what opens an account: sessions, passwords, passkeys, the second step, and everything about its owner as one file. */
import { NO_ANSWER, NO_PASSKEY } from './passkey-device.ts';
import type { RouteCase } from './route-case.ts';

const NOT_IT = { body: { current: 'not it' } };

export const SIGN_IN_ROUTES: Record<string, RouteCase> = {
  'GET /v1/session': { request: () => ['/v1/session'], stranger: 200 },
  'DELETE /v1/session': { request: () => ['/v1/session'], stranger: 204 },
  'POST /v1/session/confirm': {
    request: () => ['/v1/session/confirm', { body: { current: 'not it' } }],
    stranger: 401,
  },
  'GET /v1/sessions': { request: () => ['/v1/sessions'], stranger: 200 },
  'DELETE /v1/sessions/:id': { request: (ids) => [`/v1/sessions/${ids.session}`], stranger: 404 },
  'GET /v1/app-passwords': { request: () => ['/v1/app-passwords'], stranger: 200 },
  'POST /v1/app-passwords': {
    request: () => ['/v1/app-passwords', { body: { current: 'not it', name: 'x', scopes: ['imap'] } }],
    stranger: 401,
  },
  'DELETE /v1/app-passwords/:id': { request: (ids) => [`/v1/app-passwords/${ids.appPassword}`], stranger: 404 },
  'GET /v1/sign-ins': { request: () => ['/v1/sign-ins'], stranger: 200 },
  'GET /v1/passkeys': { request: () => ['/v1/passkeys'], stranger: 200 },
  'POST /v1/passkeys/options': { request: () => ['/v1/passkeys/options', NOT_IT], stranger: 401 },
  'POST /v1/passkeys': {
    request: () => ['/v1/passkeys', { body: { name: 'x', challenge: 'AAAA', credential: NO_PASSKEY } }],
    stranger: 401,
  },
  'DELETE /v1/passkeys/:id': { request: (ids) => [`/v1/passkeys/${ids.passkey}`], stranger: 404 },
  'POST /v1/passkeys/confirmation/options': { request: () => ['/v1/passkeys/confirmation/options'], stranger: 200 },
  'POST /v1/passkeys/confirmation': {
    request: () => ['/v1/passkeys/confirmation', { body: { challenge: 'AAAA', credential: NO_ANSWER } }],
    stranger: 401,
  },
  'GET /v1/second-step': { request: () => ['/v1/second-step'], stranger: 200 },
  'POST /v1/second-step': { request: () => ['/v1/second-step', NOT_IT], stranger: 401 },
  'PUT /v1/second-step': { request: () => ['/v1/second-step', { body: { code: '000000' } }], stranger: 401 },
  'POST /v1/second-step/end': {
    request: () => ['/v1/second-step/end', { body: { current: 'not it', code: '000000' } }],
    stranger: 401,
  },
  'POST /v1/second-step/recovery-codes': {
    request: () => ['/v1/second-step/recovery-codes', { body: { current: 'not it', code: '000000' } }],
    stranger: 401,
  },
  'POST /v1/account-data': { request: () => ['/v1/account-data', NOT_IT], stranger: 401 },
  'GET /v1/account-data/:ticket': { request: (ids) => [`/v1/account-data/${ids.accountData}`], stranger: 404 },
};
