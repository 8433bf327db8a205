/** GET /v1/events: what happens in the account, as it happens (server-sent events, HTML Standard §9.2). */
import { z } from 'zod';
import type { Version } from '../../../ports/kv.ts';
import { signedIn } from '../auth.ts';
import type { App } from '../context.ts';
import { openSink } from '../event-sink.ts';
import type { EventStreams } from '../events.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';

export function eventRoutes(app: App, streams: EventStreams): void {
  app.get(
    '/v1/events',
    {
      // A stream without a body would only hold a place.
      exposeHeadRoute: false,
      schema: {
        tags: ['events'],
        summary: 'Changes as they happen',
        description:
          'Server-sent events. The first is `ready` with the version the stream begins at; then one `change` per version of the account, ' +
          'its `id` being the version. Send the last id as `Last-Event-ID` to resume without loss. `resync` means that the log does not ' +
          'reach back that far: read everything again. Changes have a `type`: added, flags, moved, removed (with `message`), folder, subscription, and ' +
          'contact (`contact`: its id) and contact-group (`group`), which say that one was made, changed or removed: ask for it.',
        headers: z.looseObject({ 'last-event-id': z.string().max(20).optional().describe('The last version seen') }),
        response: {
          200: { description: 'The stream', content: { 'text/event-stream': { schema: z.string() } } },
          ...schemas.problems(400, 401, 429),
        },
      },
    },
    async (request, reply) => {
      const since = lastVersion(request.headers['last-event-id']);
      const session = signedIn(request);
      using _place = streams.reserve(session.user);
      const { sink, closed } = openSink(reply);
      try {
        await streams.run(sink, session, since, closed);
      } catch (error) {
        request.log.error({ err: error }, 'event stream failed');
      } finally {
        reply.raw.destroy();
      }
    },
  );
}

/** As EventSource sends it; an empty one means none. */
function lastVersion(header: string | undefined): Version | undefined {
  if (header === undefined || header === '') return undefined;
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(header)) throw new Problem('invalid', 'Last-Event-ID is a version.');
  return Number(header);
}
