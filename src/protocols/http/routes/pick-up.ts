/**
 * Picking up an original that its sender keeps (Downmail), with the link of the notification: a browser by pages without a script,
 * another server by `Accept: message/rfc822`. Looking at a link fetches nothing, for scanners and previews look at every link; fetching is a
 * POST. docs/downmail.md describes it for those who write such a server.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { handedOut } from '../../../downmail/handed-out.ts';
import type { Confidential, HeldMail, Opened, PickUp, PickUpProtocol } from '../../../downmail/pick-up.ts';
import { MailError } from '../../../mail/error.ts';
import { requireOwnOrigin } from '../auth.ts';
import { bodyParts } from '../body-parts.ts';
import { downloadHeaders, sendPart } from '../content.ts';
import { type Html, html } from '../html.ts';
import type { HtmlCleaner } from '../html-cleaner.ts';
import {
  codePage,
  deletedPage,
  gonePage,
  helpLink,
  helpPage,
  PICK_UP_POLICY,
  shownPage,
  waitingPage,
} from '../pick-up-page.ts';
import { type PickUpWords, pickUpWords } from '../pick-up-words.ts';
import { Problem } from '../reply.ts';
import { formPage, page, takeForms, wordsOf } from './pages.ts';

const URL_OF_COPY = '/downmail/:sender/:recipient/:number/:password';
const FORM_BYTES = 8_192;
const CODE_STATUS: Readonly<Record<Confidential['why'], number>> = {
  'code-missing': 200,
  'code-wrong': 403,
  locked: 403,
  'page-only': 403,
};

interface Params {
  readonly sender: string;
  readonly recipient: string;
  readonly number: string;
  readonly password: string;
}

export function pickUpRoutes(app: FastifyInstance, pickUp: Pick<PickUp, 'open'>, cleaner: HtmlCleaner): void {
  const open = { config: { access: 'public' }, schema: { hide: true }, bodyLimit: FORM_BYTES } as const;
  takeForms(app);

  app.get('/downmail/help', open, async (request, reply) => {
    const words = wordsFor(request);
    return await show(reply, words, 200, helpPage(words), '/downmail/help', words.helpTitle);
  });

  app.get<{ Params: Params }>(URL_OF_COPY, open, async (request, reply) => {
    const asProgram = accepts(request, 'application/json');
    const found = await find(pickUp, request, asProgram ? 'fetch' : 'web');
    if (asProgram) {
      if (typeof found === 'string') throw new Problem(found);
      if (found.kind !== 'mail') throw notOpened(found);
      using mail = found.mail;
      return await reply.type('application/json').send(JSON.stringify(factsFor(mail)));
    }
    const words = wordsFor(request);
    if (typeof found === 'string' || found.kind !== 'mail') return await sayWhy(reply, words, found, request);
    using mail = found.mail;
    const { details } = await mail.content();
    return await show(reply, words, 200, waitingPage(words, mail, details, pathOf(request, words)), request.url);
  });

  app.post<{ Params: Params }>(URL_OF_COPY, open, async (request, reply) => {
    requireOwnOrigin(request);
    const words = wordsFor(request);
    const byServer = accepts(request, 'message/rfc822');
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    const code = form.get('code') ?? undefined;
    const found = await find(pickUp, request, byServer ? 'fetch' : 'web', code);
    if (typeof found === 'string' || found.kind !== 'mail') {
      if (!byServer) return await sayWhy(reply, words, found, request);
      throw typeof found === 'string' ? new Problem(found) : notOpened(found);
    }
    const { mail } = found;
    // Open until the answer has left.
    reply.raw.once('close', () => mail[Symbol.dispose]());
    const wanted = byServer ? 'raw' : form.get('do');
    if (wanted === 'delete') {
      const outcome = await mail.delete();
      return await show(reply, words, 200, deletedPage(words, outcome), request.url);
    }
    if (wanted === 'raw' && mail.confidential) throw new Problem('not-allowed', 'confidential');
    const content = await mail.content();
    if (wanted === 'raw') {
      const body = handedOut(mail, content, byServer ? 'fetch' : 'web');
      const name = mail.userId.slice(1).replace(/\/$/, '').replaceAll('/', '-');
      reply.headers(downloadHeaders(`${name}.eml`, 'message/rfc822')).header('content-length', body.size);
      reply.header('repr-digest', `sha-256=:${Buffer.from(mail.digest, 'hex').toString('base64')}:`);
      return await reply.send(Readable.from(body.stream()));
    }
    if (wanted === 'attachment') {
      const { attachments } = bodyParts(content.details.structure);
      const part = attachments[Number(form.get('part')) - 1];
      if (part === undefined) return await sayWhy(reply, words, 'not-found', request);
      return await sendPart(reply, handedOut(mail, content, 'web'), part);
    }
    if (wanted !== 'show') throw new Problem('invalid');
    const shown = await shownPage(words, mail, content, cleaner, pathOf(request, words), code);
    await mail.markFetched('web');
    return await show(reply, words, 200, shown, request.url);
  });

  app.delete<{ Params: Params }>(URL_OF_COPY, open, async (request, reply) => {
    requireOwnOrigin(request);
    const found = await find(pickUp, request, 'fetch');
    if (typeof found === 'string') throw new Problem(found);
    if (found.kind !== 'mail') throw notOpened(found);
    using mail = found.mail;
    const outcome = await mail.delete();
    return await reply.type('application/json').send(JSON.stringify({ outcome }));
  });
}

/** For programs: why is in the detail, as a word. */
function notOpened(found: Exclude<Opened, { kind: 'mail' }>): Problem {
  return found.kind === 'gone' ? new Problem('gone', found.state) : new Problem('not-allowed', 'confidential');
}

/** Unknown, wrong, and removed long ago: nobody can tell these apart. */
async function find(
  pickUp: Pick<PickUp, 'open'>,
  request: FastifyRequest<{ Params: Params }>,
  protocol: PickUpProtocol,
  code?: string,
): Promise<Opened | 'not-found' | 'auth-throttled'> {
  const { sender, recipient, number, password } = request.params;
  try {
    const by = { protocol, remote: request.ip, ...(code !== undefined && { code }) };
    return await pickUp.open(`/${sender}/${recipient}/${number}/`, password, by);
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    if (error.code === 'auth-failed') return 'not-found';
    if (error.code === 'auth-throttled') return 'auth-throttled';
    throw error;
  }
}

function factsFor({ size, digest, expires, keep, fetched, subject, sender, recipient }: HeldMail) {
  return {
    sender,
    recipient,
    subject,
    size,
    digest: `sha-256:${digest}`,
    expires: Math.floor(expires / 1000),
    keep,
    fetched: fetched === undefined ? null : Math.floor(fetched / 1000),
  };
}

function accepts(request: FastifyRequest, type: string): boolean {
  return (request.headers.accept ?? '')
    .slice(0, 1_000)
    .toLowerCase()
    .split(',')
    .some((range) => range.split(';', 1)[0]?.trim() === type);
}

function wordsFor(request: FastifyRequest): PickUpWords {
  return pickUpWords(wordsOf(request).lang);
}

/** Where the forms of a page lead: back here, in the language of the page. */
function pathOf(request: FastifyRequest, words: PickUpWords): string {
  return `${request.url.split('?', 1)[0]}?lang=${words.lang}`;
}

async function sayWhy(
  reply: FastifyReply,
  words: PickUpWords,
  found: 'not-found' | 'auth-throttled' | Exclude<Opened, { kind: 'mail' }>,
  request: FastifyRequest,
): Promise<FastifyReply> {
  if (found === 'not-found')
    return await show(reply, words, 404, html`<p>${words.unknown}</p>${helpLink(words)}`, request.url);
  if (found === 'auth-throttled') return await show(reply, words, 429, html`<p>${words.throttled}</p>`, request.url);
  if (found.kind === 'confidential') {
    const asking = codePage(words, found, pathOf(request, words));
    return await show(reply, words, CODE_STATUS[found.why], asking, request.url);
  }
  return await show(reply, words, 410, gonePage(words, found), request.url);
}

async function show(
  reply: FastifyReply,
  words: PickUpWords,
  status: number,
  content: Html,
  url: string,
  title = words.title,
): Promise<FastifyReply> {
  reply.header('x-robots-tag', 'noindex').header('content-security-policy', PICK_UP_POLICY);
  return await formPage(reply)
    .code(status)
    .send(page(words, title, content, url.split('?', 1)[0] ?? ''));
}
