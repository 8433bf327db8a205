/** The REST API as one signed-in user, for tests. */
import type { Service } from '../service.ts';
import { until } from '../support/until.ts';

export interface Api {
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  get(path: string): Promise<any>;
  raw(id: string): Promise<string>;
  post(path: string, body: object): Promise<{ id: string }>;
}

export async function signIn(service: Service, address: string, password: string): Promise<Api> {
  const base = `http://${service.at('http')}`;
  const ask = async (method: string, path: string, body?: object, token?: string): Promise<Response> => {
    const headers = {
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const answer = await fetch(`${base}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const session = await ask('POST', '/v1/session', { address, password });
  const { token } = (await session.json()) as { token: string };
  return {
    get: async (path) => await (await ask('GET', path, undefined, token)).json(),
    raw: async (id) => await (await ask('GET', `/v1/messages/${id}/raw`, undefined, token)).text(),
    post: async (path, body) => (await (await ask('POST', path, body, token)).json()) as { id: string },
  };
}

/** The first mail of INBOX that this is true of, once it is there. */
export function arrived(api: Api, is: string | ((raw: string) => boolean)): Promise<string> {
  return until(`no such mail came: ${is.toString()}`, async () => {
    const { items } = (await api.get('/v1/folders/inbox/messages?limit=100')) as {
      items: readonly { id: string; subject: string }[];
    };
    for (const item of items) {
      if (typeof is === 'string' && item.subject !== is) continue;
      const raw = await api.raw(item.id);
      if (typeof is === 'string' || is(raw)) return raw;
    }
    return undefined;
  });
}

/** Waits until the recipients of a submission are in these states, in order. */
export async function inStates(api: Api, submission: string, states: readonly string[]): Promise<void> {
  await until(states.join(), async () => {
    const { recipients } = (await api.get(`/v1/submissions/${submission}`)) as { recipients: { state: string }[] };
    return recipients.map(({ state }) => state).join() === states.join();
  });
}
