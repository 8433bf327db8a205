/** For those who run the service: /healthz and /metrics. */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopback, plainAddress } from '../../../net/address.ts';
import type { Metrics } from '../../../telemetry/metrics.ts';
import { Problem } from '../reply.ts';

export function operatorRoutes(
  app: FastifyInstance,
  { health, metrics }: { health: () => Promise<readonly string[]>; metrics: Metrics },
): void {
  app.get('/healthz', { config: { access: 'public' }, schema: { hide: true } }, async (request, reply) => {
    const problems = await health();
    const status = problems.length === 0 ? 'ok' : 'failing';
    // What exactly fails is the operator's to know.
    const shown = isLocal(request) ? { status, problems } : { status };
    return await reply
      .code(problems.length === 0 ? 200 : 503)
      .type('application/json')
      .send(JSON.stringify(shown));
  });

  app.get('/metrics', { config: { access: 'operator' }, schema: { hide: true } }, async (_request, reply) => {
    return await reply.type(metrics.contentType).send(await metrics.exposition());
  });
}

/** Throws `not-found`: strangers do not learn that there is something. */
export function operatorAccess(request: FastifyRequest, token: string | undefined): void {
  if (isLocal(request)) return;
  const [scheme, given = ''] = (request.headers.authorization ?? '').split(' ', 2);
  if (token !== undefined && scheme?.toLowerCase() === 'bearer' && sameSecret(given, token)) return;
  throw new Problem('not-found');
}

/** From this machine itself; what a reverse proxy on this machine hands on is not. */
function isLocal(request: FastifyRequest): boolean {
  const { forwarded, 'x-forwarded-for': forwardedFor, 'x-real-ip': realIp, via } = request.headers;
  if ((forwarded ?? forwardedFor ?? realIp ?? via) !== undefined) return false;
  return isLoopback(plainAddress(request.socket.remoteAddress ?? ''));
}

/** In a time that says nothing about where they differ, or by how much in length. */
function sameSecret(given: string, secret: string): boolean {
  const a = Buffer.alloc(512);
  const b = Buffer.alloc(512);
  a.write(given);
  b.write(secret);
  return timingSafeEqual(a, b) && given.length === secret.length;
}
