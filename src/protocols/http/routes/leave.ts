/** The page between a mail that deceives and where its links lead. */
import type { FastifyInstance } from 'fastify';
import { domainToUnicode } from 'node:url';
import { WARNING_CODES } from '../../../mail/phishing/warnings.ts';
import { html } from '../html.ts';
import { leaveWords } from '../leave-words.ts';
import type { LeavingLinks } from '../leaving.ts';
import { Problem } from '../reply.ts';
import { page, wordsOf } from './pages.ts';

export function leaveRoute(app: FastifyInstance, links: LeavingLinks): void {
  app.get('/leave', { config: { access: 'public' }, schema: { hide: true } }, async (request, reply) => {
    const query = request.query as Record<string, unknown>;
    const leaving = links.read(query);
    if (leaving === undefined) throw new Problem('not-found');
    const words = leaveWords(wordsOf(request).lang === 'ko' ? 'ko' : 'en');
    const { to, why } = leaving;
    const { hostname } = new URL(to);
    const codes = why.split(' ');
    const reasons = WARNING_CODES.filter((code) => codes.includes(code)).map(
      (code) => html`<li>${words.reasons[code]}</li>`,
    );
    // In the letters that people would take for others, and as it is.
    const letters = domainToUnicode(hostname);
    const content = html`<p>${words.leads}</p>
<p role="alert"><b>${hostname}</b>${letters === '' || letters === hostname ? '' : ` (${letters})`}<br><code>${to}</code></p>
<p>${words.why}</p>
<ul>${reasons}</ul>
<p>${words.advice}</p>
<p><a href="${to}" rel="noopener noreferrer nofollow">${words.go}</a></p>`;
    const again = new URLSearchParams({ to, why, seal: String(query['seal']) });
    return await reply
      .type('text/html; charset=utf-8')
      .send(page(words, words.title, content, '/leave', again.toString()));
  });
}
