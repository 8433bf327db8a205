/** GET /v1/admin/flow: mail on its way, as it happens (server-sent events); who and to whom, and nothing of what it says. */
import { z } from 'zod';
import type { Directory } from '../../../directory/api.ts';
import type { FlowEvent, MailFlow } from '../../../telemetry/flow.ts';
import { signedIn } from '../auth.ts';
import type { App, HttpLimits } from '../context.ts';
import { aborted, openSink } from '../event-sink.ts';
import type { EventStreams } from '../events.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';

/** How often it is seen to that the reader is there, and is still an administrator. */
const HEARTBEAT_MS = 30_000;
const HEARTBEAT = Buffer.from(':\n\n');

export interface FlowServices {
  readonly flow: MailFlow;
  readonly streams: Pick<EventStreams, 'reserve'>;
  readonly directory: Pick<Directory, 'session'>;
  readonly limits: Pick<HttpLimits, 'streamBacklog'>;
  /** The service stops. */
  readonly ending: AbortSignal;
}

export function flowRoutes(app: App, { flow, streams, directory, limits, ending }: FlowServices): void {
  app.get(
    '/v1/admin/flow',
    {
      config: { access: 'administrator', audited: true },
      exposeHeadRoute: false,
      schema: {
        tags: ['administration'],
        summary: 'Mail on its way, as it happens',
        description:
          'Server-sent events, `step` each, their `id` being a number that counts from the start of the service: accepted, refused, filed, retried and ' +
          'failed (arriving), submitted, delivered, deferred and bounced (leaving), with envelope sender, recipients and reason; never what a mail says. ' +
          'It begins with the last 200, or after `Last-Event-ID`. Who watches is in the audit trail.',
        headers: z.looseObject({ 'last-event-id': z.string().max(20).optional().describe('The last number seen') }),
        response: {
          200: { description: 'The stream', content: { 'text/event-stream': { schema: z.string() } } },
          ...schemas.problems(400, 401, 403, 429),
        },
      },
      // Before it is noted that somebody looked.
      preValidation: async (request) => {
        if (!/^[0-9]{0,15}$/.test(String(request.headers['last-event-id'] ?? '')))
          throw new Problem('invalid', 'Last-Event-ID is a number.');
      },
    },
    async (request, reply) => {
      const session = signedIn(request);
      using _place = streams.reserve(session.user);
      const { sink, closed } = openSink(reply);
      const send = (chunk: Buffer): void => {
        // A reader that cannot follow comes back with the last number it saw.
        if (sink.backlog + chunk.length > limits.streamBacklog) sink.destroy();
        else sink.write(chunk);
      };
      send(Buffer.from('retry: 2000\n\n'));
      for (const event of flow.since(Number(request.headers['last-event-id'] ?? 0))) send(eventOf(event));
      using _watch = flow.watch((event) => send(eventOf(event)));
      const see = async (): Promise<void> => {
        const still = await directory.session(session.token, 'api').catch(() => undefined);
        if (still?.admin === true) send(HEARTBEAT);
        else sink.end();
      };
      const timer = setInterval(() => void see(), HEARTBEAT_MS).unref();
      await aborted(AbortSignal.any([closed, ending]));
      clearInterval(timer);
      reply.raw.destroy();
    },
  );
}

function eventOf({ number, at, ...event }: FlowEvent): Buffer {
  const data = JSON.stringify({ at: new Date(at).toISOString(), ...event });
  return Buffer.from(`id: ${number}\nevent: step\ndata: ${data}\n\n`);
}
