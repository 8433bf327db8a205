/** Where this service is reached with a browser, without a slash at the end. */
import type { FastifyRequest } from 'fastify';
import type { Services } from './context.ts';

/** As it is configured; else where the request came to, which those who ask know anyway. */
export function publicUrl({ publicUrl: configured }: Pick<Services, 'publicUrl'>, request: FastifyRequest): string {
  return configured ?? `${request.protocol}://${request.host}`;
}
