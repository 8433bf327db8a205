/** /v1/openapi.json, made from the schemas that validate; /docs shows it. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { createJsonSchemaTransform } from 'fastify-type-provider-zod';
import { CSRF_HEADER, SESSION_COOKIE } from '../auth.ts';
import type { App } from '../context.ts';

const DESCRIPTION = `Mail over HTTP. Errors are problem details (RFC 9457), listed at [/problems](/problems). Lists come in pages:
\`?limit=\` and \`?cursor=\`, the answer has \`items\` and, when there is more, \`next\`. Every POST honours \`Idempotency-Key\` for a
day, signing in excepted. Ids are opaque. Fields that are not documented are refused.`;

/** Before the routes: it collects what they register. */
export async function documentation(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Pabal', version: '1', description: DESCRIPTION },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'The token of POST /v1/session' },
          cookie: {
            type: 'apiKey',
            in: 'cookie',
            name: SESSION_COOKIE,
            description: `For web pages; everything but GET needs the header ${CSRF_HEADER}, too`,
          },
        },
      },
      security: [{ bearer: [] }, { cookie: [] }],
    },
    transform: createJsonSchemaTransform({ skipList: [] }),
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { deepLinking: true, persistAuthorization: false, validatorUrl: null },
    staticCSP: {
      'default-src': "'none'",
      'connect-src': "'self'",
      'script-src': "'self'",
      // Swagger UI sets style attributes from its scripts; styles cannot run anything.
      'style-src': ["'self'", "'unsafe-inline'"],
      'img-src': ["'self'", 'data:'],
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    },
  });
  app.get('/v1/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) => {
    return await reply.type('application/json').send(JSON.stringify(app.swagger()));
  });
}
