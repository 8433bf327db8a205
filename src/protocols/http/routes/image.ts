/** Images that mails show from other servers, for whom we have made the address (`remote-images.ts`). */
import type { FastifyInstance } from 'fastify';
import { IMAGE_PATH, type RemoteImages } from '../remote-images.ts';
import { Problem } from '../reply.ts';

export function imageRoute(app: FastifyInstance, images: RemoteImages | undefined): void {
  app.get(IMAGE_PATH, { config: { access: 'public' }, schema: { hide: true } }, async (request, reply) => {
    if (images === undefined) throw new Problem('not-found');
    const { type, bytes } = await images.get(request.query as Record<string, unknown>);
    reply.headers({
      // The frame of a mail has no origin.
      'cross-origin-resource-policy': 'cross-origin',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    });
    return await reply.type(type).send(bytes);
  });
}
