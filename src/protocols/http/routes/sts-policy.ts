/** GET /.well-known/mta-sts.txt: the MTA-STS policy of the domain whose host `mta-sts.` is asked (RFC 8461 §3.3). */
import type { FastifyInstance } from 'fastify';
import type { Directory } from '../../../directory/api.ts';
import { Problem } from '../reply.ts';

const PREFIX = 'mta-sts.';

/** `policy` undefined: there is none. */
export function stsPolicyRoute(
  app: FastifyInstance,
  directory: Pick<Directory, 'domain'>,
  policy: string | undefined,
): void {
  app.get(
    '/.well-known/mta-sts.txt',
    { config: { access: 'public' }, schema: { hide: true } },
    async (request, reply) => {
      const host = request.hostname.toLowerCase();
      if (policy === undefined || !host.startsWith(PREFIX) || !(await isOurs(directory, host.slice(PREFIX.length))))
        throw new Problem('not-found');
      return await reply.type('text/plain; charset=utf-8').send(policy);
    },
  );
}

async function isOurs(directory: Pick<Directory, 'domain'>, name: string): Promise<boolean> {
  try {
    return (await directory.domain(name)) !== undefined;
  } catch {
    // It is not even a name.
    return false;
  }
}
