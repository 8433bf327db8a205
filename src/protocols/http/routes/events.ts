/** GET /v1/events: what happens in the account, as it happens (server-sent events, HTML Standard §9.2). */
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Version } from '../../../ports/kv.ts';
import { signedIn } from '../auth.ts';
import type { App } from '../context.ts';
import type { EventSink, EventStreams } from '../events.ts';
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
      const closed = new AbortController();
      reply.raw.once('close', () => closed.abort());
      reply.hijack();
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) reply.raw.setHeader(name, value);
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
      reply.raw.socket?.setNoDelay(true);
      try {
        await streams.run(responseSink(reply.raw), session, since, closed.signal);
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

function responseSink(response: ServerResponse): EventSink {
  return {
    get backlog() {
      return response.writableLength;
    },
    write: (chunk) => void response.write(chunk),
    drained: () =>
      new Promise((resolve) => {
        if (response.destroyed || !response.writableNeedDrain) return resolve();
        const done = () => {
          response.off('drain', done).off('close', done);
          resolve();
        };
        response.on('drain', done).on('close', done);
      }),
    end: () => void response.end(),
    destroy: () => void response.destroy(),
  };
}
