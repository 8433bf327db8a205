/** The answer to a request as a stream of events. */
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { EventSink } from './events.ts';

/** From here on the answer is ours; `closed` when its reader has gone. */
export function openSink(reply: FastifyReply): { readonly sink: EventSink; readonly closed: AbortSignal } {
  const closed = new AbortController();
  reply.raw.once('close', () => closed.abort());
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value);
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  reply.raw.socket?.setNoDelay(true);
  return { sink: sinkOf(reply.raw), closed: closed.signal };
}

export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function sinkOf(response: ServerResponse): EventSink {
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
