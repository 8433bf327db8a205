/** Accounts that people make for themselves. */
import { z } from 'zod';
import { SHORTEST_PASSWORD, type SignUp } from '../../../directory/sign-up.ts';
import { requireOwnPage } from '../auth.ts';
import type { App } from '../context.ts';
import * as schemas from '../schemas.ts';

const TAGS = ['session'];

const offer = z.strictObject({
  mode: z
    .enum(['off', 'approval', 'open'])
    .describe('off: nobody may; approval: an administrator lets each in; open: everybody at once'),
  domains: z.array(z.string()).describe('Where an address may be chosen'),
});

const wanted = z.strictObject({
  name: z.string().min(1).max(64).describe('Before the @'),
  domain: z.string().min(1).max(253),
  displayName: schemas.line(200).default(''),
  password: z.string().min(SHORTEST_PASSWORD).max(1_000),
});

export function signUpRoutes(app: App, signUp: Pick<SignUp, 'policy' | 'domains' | 'make'> | undefined): void {
  app.get(
    '/v1/sign-up',
    {
      config: { access: 'public' },
      schema: {
        tags: TAGS,
        summary: 'Whether people may make accounts for themselves',
        security: [],
        response: { 200: offer },
      },
    },
    async () => {
      const domains = signUp === undefined ? [] : [...(await signUp.domains())];
      return { mode: domains.length === 0 ? ('off' as const) : (signUp?.policy.mode ?? 'off'), domains };
    },
  );
  // Where nobody may there is nothing to ask for.
  if (signUp === undefined || signUp.policy.mode === 'off') return;
  app.post(
    '/v1/sign-up',
    {
      config: { access: 'public' },
      schema: {
        tags: TAGS,
        summary: 'Make an account',
        description:
          'Only where the operator allows it. With `waits` an administrator lets it in, and it opens nothing before.',
        security: [],
        body: wanted,
        response: {
          201: z.strictObject({ address: z.string(), state: z.enum(['ready', 'waits']) }),
          ...schemas.problems(400, 403, 409, 422, 429, 503),
        },
      },
    },
    async (request, reply) => {
      // Else another site could have its visitors make accounts.
      requireOwnPage(request);
      const { address, suspended } = await signUp.make({ ...request.body, remote: request.ip });
      return await reply.code(201).send({ address, state: suspended ? 'waits' : 'ready' });
    },
  );
}
