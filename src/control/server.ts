/**
 * The control socket, `DATA/run/control.sock`: HTTP for the command line of whoever owns the data folder. Each request is
 * an operation, `POST /<name>` with its arguments as JSON in a header and a body where it has one; the answer is a line
 * of JSON per item and a last one with the result or the error.
 */
import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { relative } from 'node:path';
import { MailError } from '../mail/error.ts';
import type { Log } from '../telemetry/log.ts';
import type { Operation } from './operation.ts';
import { runAudited } from './audited.ts';
import type { Service } from './service.ts';

export const ARGUMENTS_HEADER = 'pabal-arguments';

/** One line of an answer. */
export type AnswerLine<Item, Result> =
  | { readonly item: Item }
  | { readonly result: Result }
  | { readonly error: { readonly code: string; readonly kind: string; readonly message: string } };

/** The system takes socket paths of about 100 bytes only; a long one may be shorter from here. */
export function socketPath(path: string): string {
  const near = relative(process.cwd(), path);
  return Buffer.byteLength(path) <= 100 || near.length >= path.length ? path : near;
}

// oxlint-disable-next-line typescript/no-explicit-any -- each operation checks its own arguments
export type AnyOperation = Operation<any, any, any>;

export async function serveControl(
  path: string,
  service: Service,
  operations: readonly AnyOperation[],
  log: Log,
): Promise<AsyncDisposable> {
  const byName = new Map(operations.map((operation) => [operation.name, operation]));
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    answer(request, response, service, byName, log).catch((error: unknown) => {
      log.error({ err: error }, 'a control request failed');
      response.destroy();
    });
  });
  // Left behind by a process that was killed: whoever holds the folder's lock may take it away.
  await rm(path, { force: true });
  server.listen(socketPath(path));
  await once(server, 'listening');
  // Until here the folder around it keeps others out.
  await chmod(path, 0o600);
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await rm(path, { force: true });
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  service: Service,
  operations: ReadonlyMap<string, AnyOperation>,
  log: Log,
): Promise<void> {
  const operation = operations.get((request.url ?? '').slice(1));
  if (request.method !== 'POST' || operation === undefined) {
    request.resume();
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const gone = new AbortController();
  response.on('close', () => gone.abort(new Error('the caller is gone')));
  const send = (line: AnswerLine<unknown, unknown>): boolean => response.write(`${JSON.stringify(line)}\n`);
  try {
    const header = request.headers[ARGUMENTS_HEADER];
    const args: unknown = JSON.parse(decodeURIComponent(typeof header === 'string' ? header : '{}'));
    const parsed = operation.args.safeParse(args);
    if (!parsed.success)
      throw new MailError('syntax', 'syntax', `${operation.name}: ${parsed.error.issues[0]?.message}`);
    const result: unknown = await runAudited(service, operation, parsed.data, {
      item: (item) => void send({ item }),
      taken: async () => {
        if (response.writableNeedDrain) await once(response, 'drain', { signal: gone.signal });
      },
      body: request,
      signal: gone.signal,
    });
    send({ result });
  } catch (error) {
    if (!(error instanceof MailError)) log.error({ err: error, operation: operation.name }, 'an operation failed');
    send({ error: described(error) });
  }
  response.end();
}

function described(error: unknown): { code: string; kind: string; message: string } {
  if (error instanceof MailError) return { code: error.code, kind: error.kind, message: error.message };
  return { code: 'bug', kind: 'bug', message: error instanceof Error ? error.message : String(error) };
}
