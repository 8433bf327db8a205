/** For operators and those who administer a domain: what becomes of mail for it. */
import type { FastifyContextConfig } from 'fastify';
import { z } from 'zod';
import type { AccountInfo } from '../../../directory/api.ts';
import type { App, Services } from '../context.ts';
import { accountOf, domainOf, domainParam } from '../office.ts';
import * as schemas from '../schemas.ts';

const TAGS = ['administration'];
const config: FastifyContextConfig = { access: 'administrator', roles: ['operator', 'domain-administrator'] };
const shown = z.strictObject({
  address: z.string().min(1).max(400).nullable().describe('Of the account that gets it; null: it is refused'),
});

export function adminDomainRoutes(app: App, { directory, catchAll }: Services): void {
  const view = (found: AccountInfo | undefined): z.output<typeof shown> => ({ address: found?.address ?? null });

  app.get(
    '/v1/admin/domains/:name/catch-all',
    {
      config,
      schema: {
        tags: TAGS,
        summary: 'Who gets mail for addresses that nobody has',
        params: domainParam,
        response: { 200: shown, ...schemas.problems(400, 401, 403, 404) },
      },
    },
    async (request) => view(await catchAll.of((await domainOf(request, directory, request.params.name)).name)),
  );

  app.put(
    '/v1/admin/domains/:name/catch-all',
    {
      config,
      schema: {
        tags: TAGS,
        summary: 'Say who gets mail for addresses that nobody has',
        description: 'He may not send as these addresses.',
        params: domainParam,
        body: shown,
        response: { 200: shown, ...schemas.problems(400, 401, 403, 404) },
      },
    },
    async (request) => {
      const { name } = await domainOf(request, directory, request.params.name);
      const { address } = request.body;
      const account = address === null ? undefined : await accountOf(request, directory, address);
      return view(await catchAll.set(name, account?.address));
    },
  );
}
