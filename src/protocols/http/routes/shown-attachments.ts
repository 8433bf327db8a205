/** Attachments as a page may show them: only what a browser draws, plays, or writes out as characters, and only if it is that. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { beginsAs, LONGEST_BEGINNING } from '../../../mail/file-beginnings.ts';
import type { Part } from '../../../mail/message.ts';
import { decodeText } from '../../../mail/text.ts';
import { ownAccount } from '../auth.ts';
import { bodyParts } from '../body-parts.ts';
import { decodedPart } from '../content.ts';
import type { App, Services } from '../context.ts';
import { numberId } from '../listing.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { messageOf } from './messages.ts';

/** Of a text so many bytes are shown. */
const TEXT_BYTES = 1 << 20;

const shown = {
  description: 'To be shown by a page of this service',
  content: { '*/*': { schema: z.unknown() } },
};

export function shownAttachmentRoutes(app: App, services: Services): void {
  app.get(
    '/v1/messages/:id/attachments/:n/shown',
    {
      schema: {
        tags: ['messages'],
        summary: 'One attachment, to be shown: images, PDF, sound, and text as UTF-8',
        description: '415 for any other type, and for what is not of the type that it says.',
        params: z.strictObject({ id: z.string().min(1).max(64), n: z.string().min(1).max(64) }),
        response: { 200: shown, ...schemas.problems(401, 404, 415) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { details, body } = await account.getMessage(messageOf(account, request.params.id).id);
      const { attachments } = bodyParts(details.structure);
      const part = attachments[numberId<number>(request.params.n, 'message-missing') - 1];
      if (part === undefined) throw new Problem('message-missing');
      reply.headers({
        'content-disposition': 'inline',
        // It may load nothing, and only our own page may have it in a frame.
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
        'x-frame-options': 'SAMEORIGIN',
        'x-content-type-options': 'nosniff',
      });
      if (isText(part)) {
        const end = Math.min(part.bodyEnd, part.bodyStart + TEXT_BYTES);
        const text = decodeText(part, await body.bytes(part.bodyStart, end));
        return await reply.type('text/plain; charset=utf-8').serializer(String).send(text);
      }
      const type = `${part.type}/${part.subtype}`;
      const content = await begun(decodedPart(body, part));
      if (!beginsAs(type, content.head)) throw new Problem('media-type');
      return await reply.type(type).send(Readable.from(content.all));
    },
  );
}

function isText({ type, subtype }: Part): boolean {
  return type === 'text' && subtype !== 'html';
}

/** Its first bytes, and all of it. */
async function begun(pieces: AsyncIterable<Uint8Array>): Promise<{ head: Buffer; all: AsyncIterable<Uint8Array> }> {
  const reading = pieces[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < LONGEST_BEGINNING) {
    const { done, value } = await reading.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  const all = (async function* () {
    yield head;
    for (let next = await reading.next(); !next.done; next = await reading.next()) yield next.value;
  })();
  return { head, all };
}
