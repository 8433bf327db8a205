/** The REST API as one signed-in user, for tests. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../service.ts';

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
export async function arrived(api: Api, is: string | ((raw: string) => boolean)): Promise<string> {
  for (let i = 0; i < 600; i++) {
    const { items } = (await api.get('/v1/folders/inbox/messages?limit=100')) as {
      items: readonly { id: string; subject: string }[];
    };
    for (const item of items) {
      if (typeof is === 'string' && item.subject !== is) continue;
      const raw = await api.raw(item.id);
      if (typeof is === 'string' || is(raw)) return raw;
    }
    await sleep(50);
  }
  throw new Error(`no such mail came: ${is.toString()}`);
}

/** Waits until the recipients of a submission are in these states, in order. */
export async function inStates(api: Api, submission: string, states: readonly string[]): Promise<void> {
  for (let i = 0; ; i++) {
    const { recipients } = (await api.get(`/v1/submissions/${submission}`)) as { recipients: { state: string }[] };
    if (recipients.map(({ state }) => state).join() === states.join()) return;
    if (i > 600) throw new Error(`not ${states.join()}: ${JSON.stringify(recipients)}`);
    await sleep(50);
  }
}
