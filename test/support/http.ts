/** The HTTP server on a backend in memory, and a caller for each user. */
import { createHttpServer } from '../../src/protocols/http/server.ts';
import type { HttpOptions } from '../../src/protocols/http/options.ts';
import { memoryBackend } from './backend.ts';
import type { BackendOptions, User } from './backend.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | number | string[] | undefined>;
  /** Parsed, when it is JSON; else undefined. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  readonly json: any;
  readonly text: string;
  readonly bytes: Buffer;
}

export interface Call {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export type Caller = (method: string, url: string, call?: Call) => Promise<Answer>;

export async function httpBackend(options: Partial<HttpOptions> & BackendOptions = {}) {
  const backend = await memoryBackend(options);
  const problems: string[] = [];
  const server = await createHttpServer({
    ...backend,
    secret: new Uint8Array(32).fill(1),
    listening: () => ({ imaps: ['127.0.0.1:2993'], submission: ['127.0.0.1:2587'], http: ['127.0.0.1:8080'] }),
    health: async () => problems,
    ...options,
  });

  const call: Caller = async (method, url, { body, headers = {} } = {}) => {
    const json = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
    const response = await server.inject({
      method: method as 'GET',
      url,
      headers: { host: 'mail.example.test', ...(json && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { payload: json ? JSON.stringify(body) : (body as string | Buffer) }),
    });
    const type = String(response.headers['content-type'] ?? '');
    return {
      status: response.statusCode,
      headers: response.headers,
      json: type.includes('json') && response.body !== '' ? JSON.parse(response.body) : undefined,
      text: response.body,
      bytes: response.rawPayload,
    };
  };
  const signIn = async (user: User): Promise<{ token: string; as: Caller }> => {
    const token = await backend.directory.createSession(user, { ttlMs: 3_600_000, purpose: 'api' });
    const as: Caller = (method, url, more = {}) =>
      call(method, url, { ...more, headers: { authorization: `Bearer ${token}`, ...more.headers } });
    return { token, as };
  };
  const alice = await signIn(backend.alice);
  const bob = await signIn(backend.bob);
  return { ...backend, users: { alice: backend.alice, bob: backend.bob }, server, call, alice, bob, signIn, problems };
}
