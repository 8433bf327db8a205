/** The command line's end of the control socket. */
import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { createInterface } from 'node:readline';
import { MailError, type MailErrorCode, type MailErrorKind } from '../mail/error.ts';
import type { Control } from './operation.ts';
import { type AnswerLine, ARGUMENTS_HEADER, socketPath } from './server.ts';

/** Undefined when nobody listens there. */
export async function connectControl(path: string): Promise<Control | undefined> {
  const agent = new Agent({ keepAlive: true });
  const start = (name: string, args: unknown): ClientRequest =>
    httpRequest({
      socketPath: socketPath(path),
      agent,
      method: 'POST',
      path: `/${name}`,
      headers: { [ARGUMENTS_HEADER]: encodeURIComponent(JSON.stringify(args)) },
    });
  try {
    const response = await answered(start('', {}).end());
    response.resume();
  } catch (error) {
    agent.destroy();
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK') return undefined;
    if (code === 'EACCES')
      throw new MailError('not-allowed', 'user', `${path} belongs to another user: run this as that one`);
    throw error;
  }
  return {
    remote: true,
    async call<Args, Item, Result>(
      operation: { readonly name: string },
      args: Args,
      options: { body?: Uint8Array; onItem?: (item: Item) => void | Promise<void>; signal?: AbortSignal } = {},
    ): Promise<Result> {
      const request = start(operation.name, args);
      const stop = () => request.destroy(options.signal?.reason as Error);
      options.signal?.addEventListener('abort', stop, { once: true });
      try {
        const response = await answered(request.end(options.body));
        if (response.statusCode !== 200) {
          response.resume();
          throw new MailError(
            'bug',
            'bug',
            `the service that runs does not know ${operation.name}: is it another version?`,
          );
        }
        for await (const text of createInterface({ input: response, crlfDelay: Infinity })) {
          const line = JSON.parse(text) as AnswerLine<Item, Result>;
          if ('item' in line) await options.onItem?.(line.item);
          else if ('error' in line)
            throw new MailError(line.error.code as MailErrorCode, line.error.kind as MailErrorKind, line.error.message);
          else return line.result;
        }
        throw new MailError('store-failed', 'temporary', 'the service ended before it answered');
      } finally {
        options.signal?.removeEventListener('abort', stop);
      }
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
    },
  };
}

function answered(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', reject);
  });
}
