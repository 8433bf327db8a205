/** From where an account was opened, and from where somebody tried. */
import { z } from 'zod';
import { signedIn } from '../auth.ts';
import type { App, Services } from '../context.ts';
import * as schemas from '../schemas.ts';

const place = z.strictObject({
  network: z.string().describe('A /24 of IPv4, a /64 of IPv6'),
  remote: z.string().describe('The address seen last'),
  protocols: z.array(z.string()).describe('Over which somebody signed in'),
  first: z.iso.datetime().optional().describe('The first sign-in from there; absent: there was none'),
  last: z.iso.datetime().optional().describe('The last one, to within an hour'),
  failures: z.int().describe('Wrong passwords and codes from there'),
  lastFailure: z.iso.datetime().optional(),
});

export function placeRoutes(app: App, { directory }: Services): void {
  app.get(
    '/v1/sign-ins',
    {
      schema: {
        tags: ['session'],
        summary: 'From where somebody signed in to your account, or tried to, the latest first',
        response: { 200: z.strictObject({ items: z.array(place) }), ...schemas.problems(401) },
      },
    },
    async (request) => {
      const time = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());
      const items = (await directory.places.list(signedIn(request).user.account)).map((one) => ({
        ...one,
        protocols: [...one.protocols],
        first: time(one.first),
        last: time(one.last),
        lastFailure: time(one.lastFailure),
      }));
      return { items };
    },
  );
}
