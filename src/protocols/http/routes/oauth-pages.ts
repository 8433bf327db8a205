/**
 * Where people let programs in (RFC 6749 §3.1, RFC 8628 §3.3). Who agrees signs in on the same form, with a code if there is a second step: no session of
 * the browser is enough, so no page of another site can agree for anybody.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MailError } from '../../../mail/error.ts';
import { OAuthError } from '../../../directory/oauth/error.ts';
import type { AnswerTo, Asked, AuthorizationRequest } from '../../../directory/oauth/oauth.ts';
import { requireOwnOrigin } from '../auth.ts';
import type { Services, User } from '../context.ts';
import { type Html, html } from '../html.ts';
import { type Complaint, consentPage, consentPolicy, deviceCodePage, deviceConsentPage } from '../oauth-page.ts';
import { type OAuthWords, oauthWords } from '../oauth-words.ts';
import { publicUrl } from '../public-url.ts';
import { formPage, page, takeForms, wordsOf } from './pages.ts';

const FORM_BYTES = 8_192;
const AUTHORIZE = '/oauth/authorize';
const DEVICE = '/oauth/device';
const MAX_USER_CODE = 40;

export function oauthPageRoutes(app: FastifyInstance, services: Services): void {
  const { oauth } = services.directory;
  const open = { config: { access: 'public' }, schema: { hide: true }, bodyLimit: FORM_BYTES } as const;
  takeForms(app);

  const show = async (
    reply: FastifyReply,
    words: OAuthWords,
    status: number,
    content: Html,
    path: string,
    query = '',
  ) =>
    await formPage(reply)
      .code(status)
      .send(page(words, path === DEVICE ? words.device : words.title, content, path, query));

  /** What was asked for, for the link to the other language and for the form. */
  const answered = async (request: FastifyRequest, reply: FastifyReply, asked: Asked, complaint: Complaint = '') => {
    const words = wordsFor(request);
    if (asked.kind === 'bad') {
      const content = html`<p role="alert">${words.bad} ${asked.error.message}</p>`;
      return await show(reply, words, 400, content, AUTHORIZE);
    }
    if (asked.kind === 'refused') return await refuse(request, reply, asked.to, asked.error);
    reply.header('content-security-policy', consentPolicy(asked.request.redirect));
    const query = parametersOf(request);
    query.delete('lang');
    const action = `${AUTHORIZE}?${query.toString()}&lang=${words.lang}`;
    const content = consentPage(words, asked.request, action, complaint);
    return await show(reply, words, statusOf(complaint), content, AUTHORIZE, query.toString());
  };
  const refuse = async (request: FastifyRequest, reply: FastifyReply, to: AnswerTo, error: OAuthError) =>
    await answer(services, request, reply, to, { error: error.code, error_description: error.message });

  app.get(AUTHORIZE, open, async (request, reply) =>
    answered(request, reply, await oauth.authorization(parametersOf(request))),
  );

  app.post(AUTHORIZE, open, async (request, reply) => {
    requireOwnOrigin(request);
    const asked = await oauth.authorization(parametersOf(request));
    if (asked.kind !== 'asks') return await answered(request, reply, asked);
    const form = formOf(request);
    if (form.get('do') !== 'allow') {
      const error = new OAuthError('access_denied', 'the owner of the account said no');
      return await refuse(request, reply, asked.request, error);
    }
    const who = await signIn(services, request, form);
    if (typeof who === 'string') {
      const again: AuthorizationRequest = { ...asked.request, loginHint: form.get('address') ?? undefined };
      return await answered(request, reply, { kind: 'asks', request: again }, who);
    }
    return await answer(services, request, reply, asked.request, {
      code: await oauth.allow(who.account, asked.request),
    });
  });

  const askForCode = async (reply: FastifyReply, words: OAuthWords, typed: string, unknown: boolean) => {
    const content = deviceCodePage(words, `${DEVICE}?lang=${words.lang}`, typed, unknown);
    return await show(reply, words, unknown ? 404 : 200, content, DEVICE);
  };

  app.get(DEVICE, open, async (request, reply) => {
    const typed = parametersOf(request).get('user_code') ?? '';
    return await askForCode(reply, wordsFor(request), typed.slice(0, MAX_USER_CODE), false);
  });

  app.post(DEVICE, open, async (request, reply) => {
    requireOwnOrigin(request);
    const words = wordsFor(request);
    const form = formOf(request);
    const typed = (form.get('user_code') ?? '').slice(0, MAX_USER_CODE);
    const waiting = await oauth.devices.waiting(typed, request.ip);
    const client = waiting && (await oauth.clients.find(waiting.client));
    if (waiting === undefined || client === undefined) return await askForCode(reply, words, typed, true);
    const asks = { name: client.name, scopes: waiting.scopes, code: typed };
    const ask = async (complaint: Complaint) => {
      const content = deviceConsentPage(words, asks, `${DEVICE}?lang=${words.lang}`, complaint);
      return await show(reply, words, statusOf(complaint), content, DEVICE);
    };
    const wish = form.get('do');
    if (wish !== 'allow' && wish !== 'deny') return await ask('');
    const who = wish === 'allow' ? await signIn(services, request, form) : undefined;
    if (typeof who === 'string') return await ask(who);
    if (!(await oauth.devices.decide(typed, who?.account))) return await askForCode(reply, words, typed, true);
    const done = html`<p role="status">${who === undefined ? words.deviceDenied : words.deviceAllowed}</p>`;
    return await show(reply, words, 200, done, DEVICE);
  });
}

/** Back to the program, with the state that it gave and who answers (RFC 9207). */
async function answer(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  { redirect, state }: AnswerTo,
  said: Readonly<Record<string, string>>,
): Promise<FastifyReply> {
  const url = new URL(redirect);
  const all = { ...said, ...(state !== undefined && { state }), iss: publicUrl(services, request) };
  for (const [name, value] of Object.entries(all)) url.searchParams.append(name, value);
  // 303: a browser must not send the form with the password on (RFC 9700 §4.12).
  return await reply
    .header('content-security-policy', consentPolicy(redirect))
    .header('referrer-policy', 'no-referrer')
    .redirect(url.href, 303);
}

/** Who agreed; else what to say. */
async function signIn(
  { directory }: Services,
  request: FastifyRequest,
  form: URLSearchParams,
): Promise<User | Exclude<Complaint, ''>> {
  const address = form.get('address')?.trim() ?? '';
  const code = form.get('code')?.trim() ?? '';
  const origin = { protocol: 'http', remote: request.ip } as const;
  try {
    return await directory.authenticate(address, form.get('password') ?? '', origin, code === '' ? undefined : code);
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    if (error.code === 'code-required') return code === '' ? 'codeNeeded' : 'wrong';
    if (error.code === 'auth-throttled') return 'tooMany';
    if (error.code === 'busy') return 'busy';
    if (error.code === 'auth-failed' || error.code === 'account-suspended') return 'wrong';
    throw error;
  }
}

function statusOf(complaint: Complaint): number {
  return { '': 200, wrong: 401, codeNeeded: 401, tooMany: 429, busy: 503 }[complaint];
}

/** As it came: none may come twice, which an object of them would hide. */
function parametersOf(request: FastifyRequest): URLSearchParams {
  const at = request.url.indexOf('?');
  return new URLSearchParams(at === -1 ? '' : request.url.slice(at + 1));
}

function formOf({ body }: FastifyRequest): URLSearchParams {
  return body instanceof URLSearchParams ? body : new URLSearchParams();
}

function wordsFor(request: FastifyRequest): OAuthWords {
  return oauthWords(wordsOf(request).lang);
}
