/** GET /.well-known/acme-challenge/TOKEN: the proof that a host is ours, for who gives us its certificate (RFC 8555 §8.3). */
import type { FastifyInstance } from 'fastify';
import { Problem } from '../reply.ts';

export function acmeChallengeRoute(app: FastifyInstance, challenge: (token: string) => string | undefined): void {
  app.get<{ Params: { token: string } }>(
    '/.well-known/acme-challenge/:token',
    { config: { access: 'public' }, schema: { hide: true } },
    async (request, reply) => {
      const proof = challenge(request.params.token);
      if (proof === undefined) throw new Problem('not-found');
      return await reply.type('application/octet-stream').send(proof);
    },
  );
}
