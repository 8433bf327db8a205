/** The web client's files. Names in `assets/` carry the hash of what they hold: browsers may keep them for ever. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ClientFile, ClientFiles } from '../client-files.ts';
import { Problem } from '../reply.ts';

/** Nothing inline, nothing from elsewhere. Mails are in frames that have a policy of their own. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function clientRoutes(app: FastifyInstance, files: ClientFiles): void {
  const open = { config: { access: 'public' }, schema: { hide: true } } as const;
  app.get<{ Params: { name: string } }>('/assets/:name', open, async (request, reply) => {
    const file = files.get(`assets/${request.params.name}`);
    if (file === undefined) throw new Problem('not-found');
    return await sendFile(request, reply, file, 'public, max-age=31536000, immutable');
  });
  for (const [path, file] of files) {
    if (path.includes('/') || path === 'index.html') continue;
    const worker = path === 'service-worker.js';
    app.get(`/${path}`, open, async (request, reply) => {
      // It may ask for what the pages ask for; one that is kept would outlive the version that it belongs to.
      if (worker) reply.header('content-security-policy', POLICY);
      return await sendFile(request, reply, file, worker ? 'no-cache' : 'public, max-age=3600');
    });
  }
}

/** The page itself is asked for each time: it names the assets of the version that runs. */
export async function sendClient(request: FastifyRequest, reply: FastifyReply, files: ClientFiles): Promise<unknown> {
  reply.header('content-security-policy', POLICY);
  return await sendFile(request, reply, files.get('index.html') as ClientFile, 'no-cache');
}

async function sendFile(request: FastifyRequest, reply: FastifyReply, file: ClientFile, cache: string) {
  reply.header('cache-control', cache).header('etag', file.etag).header('vary', 'accept-encoding');
  if (request.headers['if-none-match']?.split(/\s*,\s*/).includes(file.etag)) return await reply.code(304).send();
  const accepted = (request.headers['accept-encoding'] ?? '').split(',').flatMap((one) => {
    const [name = '', weight = ''] = one.trim().toLowerCase().split(';');
    return /q=0(?:\.0*)?$/.test(weight.trim()) ? [] : [name.trim()];
  });
  const encoding = (['br', 'gzip'] as const).find((name) => file[name] !== undefined && accepted.includes(name));
  if (encoding !== undefined) reply.header('content-encoding', encoding);
  return await reply.type(file.type).send(encoding === undefined ? file.plain : file[encoding]);
}
