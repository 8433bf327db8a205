/** What administrators do over the API leaves an entry in the audit trail. */
import type { FastifyRequest } from 'fastify';
import { aboutOf, type AuditEvent, type AuditTrail } from '../../directory/audit.ts';
import type { App } from './context.ts';

/** Before it is done, and whatever becomes of it; a second entry says that it failed. Lists alone are not worth one. */
export function auditRequests(app: App, audit: Pick<AuditTrail, 'add'>): void {
  const asked = new WeakMap<FastifyRequest, Omit<AuditEvent, 'outcome'>>();
  app.addHook('preHandler', async (request) => {
    const { signedIn, routeOptions, method, params, body } = request;
    const { url = '', config } = routeOptions;
    if (config.access !== 'administrator' || signedIn === undefined) return;
    if (method === 'GET' && !url.includes(':') && config.audited !== true) return;
    const event = {
      by: signedIn.user.address,
      what: `${method} ${url}`,
      about: aboutOf({ ...(params as object), ...(body as object) }),
    };
    await audit.add({ ...event, outcome: 'asked' });
    asked.set(request, event);
  });
  app.addHook('onError', async (request) => {
    const event = asked.get(request);
    if (event === undefined) return;
    asked.delete(request);
    await audit.add({ ...event, outcome: 'failed' });
  });
}
