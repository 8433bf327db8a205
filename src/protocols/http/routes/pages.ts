/** Pages for people, without a script: the start page, setting a password by a one-time link, the list of errors. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Directory } from '../../../directory/api.ts';
import { requireOwnOrigin } from '../auth.ts';
import type { ClientFiles } from '../client-files.ts';
import { html } from '../html.ts';
import type { Html } from '../html.ts';
import { wordsFor } from '../page-words.ts';
import type { Words } from '../page-words.ts';
import { PROBLEMS } from '../reply.ts';
import { sendClient } from './client.ts';

interface PageInfo {
  readonly directory: Directory;
  readonly hostname: string;
  readonly listening: () => Readonly<Record<string, readonly string[]>>;
  /** The web client; without one `/` is the start page. */
  readonly client: ClientFiles | undefined;
}

const TITLE = 'Pabal · 파발';
const PASSWORD_MIN = 8;
const PASSWORD_MAX = 1_000;
const FORM_BYTES = 8_192;

export function pageRoutes(app: FastifyInstance, info: PageInfo): void {
  const open = { config: { access: 'public' }, schema: { hide: true } } as const;

  takeForms(app);

  app.get('/style.css', open, async (_request, reply) => {
    return await reply.header('cache-control', 'public, max-age=3600').type('text/css; charset=utf-8').send(STYLE);
  });

  const start = async (request: FastifyRequest, reply: FastifyReply) => {
    const words = wordsOf(request);
    return await reply.type(HTML).send(page(words, TITLE, startPage(words, info), '/start'));
  };
  app.get('/start', open, start);
  app.get('/', open, async (request, reply) =>
    info.client === undefined ? await start(request, reply) : await sendClient(request, reply, info.client),
  );

  app.get('/problems', open, async (request, reply) => {
    const words = wordsOf(request);
    return await reply.type(HTML).send(page(words, words.problems, problemsPage(words), '/problems'));
  });

  // Looking at the form does not use up the link: mail scanners and previews look at every link.
  app.get<{ Params: { token: string } }>('/sign-in/:token', open, async (request, reply) => {
    const words = wordsOf(request);
    const path = `/sign-in/${encodeURIComponent(request.params.token)}`;
    return await formPage(reply).send(page(words, words.setPassword, passwordForm(words, path, ''), path));
  });

  app.post<{ Params: { token: string } }>(
    '/sign-in/:token',
    { ...open, bodyLimit: FORM_BYTES },
    async (request, reply) => {
      requireOwnOrigin(request);
      const words = wordsOf(request);
      const path = `/sign-in/${encodeURIComponent(request.params.token)}`;
      const show = async (status: number, content: Html) =>
        await formPage(reply)
          .code(status)
          .send(page(words, words.setPassword, content, path));
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      const password = form.get('password') ?? '';
      if (password.length < PASSWORD_MIN || password.length > PASSWORD_MAX)
        return await show(400, passwordForm(words, path, words.tooShort));
      if (password !== form.get('again')) return await show(400, passwordForm(words, path, words.different));
      // Before the link is used up.
      if (await info.directory.isBreached(password)) return await show(400, passwordForm(words, path, words.known));
      const user = await info.directory.session(request.params.token, 'sign-in-link');
      if (user === undefined) return await show(410, html`<p>${words.expired}</p>${homeLink(words)}`);
      await info.directory.updateAccount(user.account, { password });
      return await show(200, html`<p>${words.done} <b>${user.address}</b></p>${homeLink(words)}`);
    },
  );
}

/** Bodies of this scope's routes may be forms: `URLSearchParams`. */
export function takeForms(app: FastifyInstance): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, new URLSearchParams(String(body))),
  );
}

const HTML = 'text/html; charset=utf-8';

/** For a page with a form: to other sites no word of its link; to ours enough that the form is known as ours in every browser. */
export function formPage(reply: FastifyReply): FastifyReply {
  return reply.header('referrer-policy', 'same-origin').type(HTML);
}

export function wordsOf(request: FastifyRequest): Words {
  const { lang } = request.query as { lang?: unknown };
  return wordsFor(lang, request.headers['accept-language']);
}

/** `path`: where the page is, for the link to the other language; `query`: what it was asked for, without the language. */
export function page(
  words: Pick<Words, 'lang' | 'otherLang' | 'other'>,
  title: string,
  content: Html,
  path: string,
  query = '',
): string {
  return html`<!doctype html>
<html lang="${words.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><h1>${title}</h1><a href="${path}?${query === '' ? '' : `${query}&`}lang=${words.otherLang}" lang="${words.otherLang}">${words.other}</a></header>
<main>
${content}
</main>
</body>
</html>
`.toString();
}

/** What a mail program needs to know, by protocol. */
const FOR_PROGRAMS: readonly (readonly [
  protocol: string,
  purpose: 'reading' | 'sending',
  name: string,
  tls: boolean,
])[] = [
  ['imaps', 'reading', 'IMAP', true],
  ['imap', 'reading', 'IMAP', false],
  ['pop3s', 'reading', 'POP3', true],
  ['pop3', 'reading', 'POP3', false],
  ['submissions', 'sending', 'SMTP', true],
  ['submission', 'sending', 'SMTP', false],
];

function startPage(words: Words, info: PageInfo): Html {
  const listening = info.listening();
  const rows = FOR_PROGRAMS.flatMap(([protocol, purpose, name, tls]) =>
    (listening[protocol] ?? []).map((address) => {
      const port = address.slice(address.lastIndexOf(':') + 1);
      const security = tls ? words.tls : words.starttls;
      return html`<tr><td>${words[purpose]}</td><td>${name}</td><td>${info.hostname}</td><td>${port}</td><td>${security}</td></tr>\n`;
    }),
  );
  const all = Object.entries(listening).map(
    ([protocol, addresses]) => html`<tr><td>${protocol}</td><td>${addresses.join(', ')}</td></tr>\n`,
  );
  return html`<p>${words.tagline}</p>
<h2>${words.settings}</h2>
${
  rows.length === 0
    ? html`<p>${words.nothing}</p>`
    : html`<p>${words.settingsHint}</p>
<table><thead><tr><th>${words.purpose}</th><th>${words.protocol}</th><th>${words.server}</th><th>${words.port}</th><th>${words.security}</th></tr></thead>
<tbody>
${rows}</tbody></table>
<p class="hint">${words.selfSigned}</p>`
}
<h2>${words.developers}</h2>
<ul>
<li><a href="/docs">${words.api}</a></li>
<li><a href="/v1/openapi.json">${words.openapi}</a></li>
<li><a href="/problems">${words.errors}</a></li>
</ul>
<h2>${words.listening}</h2>
<table><tbody>
${all}</tbody></table>`;
}

function passwordForm(words: Words, action: string, complaint: string): Html {
  const alert = complaint === '' ? '' : html`<p role="alert">${complaint}</p>\n`;
  return html`${alert}<p>${words.setPasswordHint}</p>
<form method="post" action="${action}?lang=${words.lang}">
<label>${words.password}<input type="password" name="password" autocomplete="new-password" minlength="${PASSWORD_MIN}" required autofocus></label>
<label>${words.again}<input type="password" name="again" autocomplete="new-password" minlength="${PASSWORD_MIN}" required></label>
<button>${words.save}</button>
</form>`;
}

function problemsPage(words: Words): Html {
  const rows = Object.entries(PROBLEMS).map(
    ([code, [status, title]]) =>
      html`<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td lang="en">${title}</td></tr>\n`,
  );
  return html`<p>${words.problemsHint}</p>
<table><thead><tr><th>${words.code}</th><th>${words.status}</th><th>${words.meaning}</th></tr></thead>
<tbody>
${rows}</tbody></table>
${homeLink(words)}`;
}

function homeLink(words: Words): Html {
  return html`<p><a href="/">${words.home}</a></p>`;
}

const STYLE = `:root { color-scheme: light dark; }
body { font: 16px/1.6 system-ui, "Noto Sans KR", sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
header { display: flex; align-items: baseline; justify-content: space-between; border-bottom: 3px solid #b3402c; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
tr:target { outline: 2px solid #b3402c; }
label { display: block; margin: 1rem 0; }
input { display: block; font: inherit; padding: .4rem; width: 100%; max-width: 24rem; box-sizing: border-box; }
button { font: inherit; padding: .5rem 1.2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; overflow-wrap: anywhere; }
dd { margin: 0; }
iframe { width: 100%; height: 75vh; border: 1px solid #8884; background: #fff; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
[role=status], [role=alert] { padding-left: .8rem; border-left: 4px solid #3c7a4b; }
[role=alert] { border-left-color: #b3402c; }
.hint { opacity: .75; }
`;
