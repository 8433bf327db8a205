/** Everything about a person as one file: for the owner of an account, and for who administers it. */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Compliance } from '../../../compliance/compliance.ts';
import { MailError } from '../../../mail/error.ts';
import type { AccountId } from '../../../mailstore/api.ts';
import { signedIn } from '../auth.ts';
import { confirmOwner } from '../confirm-owner.ts';
import { downloadHeaders } from '../content.ts';
import type { App, Services } from '../context.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';

const LIST = 'account-data';
/** How long after the password was asked for the file can be fetched. */
const VALID_MS = 10 * 60_000;
/** Files that are on their way at once: one of an account, and so many of all. */
const MOST_AT_ONCE = 4;

const file = {
  description: 'A zip file; it is made while it is sent, so nobody knows its size before',
  content: { 'application/zip': { schema: z.string() } },
};

export function personDataRoutes(app: App, services: Services, compliance: Compliance): void {
  const { directory, cursors, clock } = services;
  const running = new Set<AccountId>();

  /** Begun only when there is room for it. */
  const send = async (reply: FastifyReply, account: AccountId): Promise<never> => {
    if (running.has(account) || running.size >= MOST_AT_ONCE)
      throw new MailError('busy', 'temporary', 'such a file is on its way already');
    running.add(account);
    const done = () => running.delete(account);
    // The next one may come as soon as the last byte of this one has; and when not even the first one was asked for.
    const source = Readable.from(andThen(compliance.personData(account), done)).once('close', done);
    const day = new Date(clock.now()).toISOString().slice(0, 10);
    reply.headers(downloadHeaders(`mail-account-${day}.zip`, 'application/zip'));
    return (await reply.send(source)) as never;
  };

  app.post(
    '/v1/account-data',
    {
      schema: {
        tags: ['session'],
        summary: 'Ask for a file with everything that is kept about you',
        description:
          'Mail, folders, address book, settings, rules, sign-ins, what was sent, and what administrators did. The path can be fetched for ten minutes.',
        body: z.strictObject({
          current: z.string().min(1).max(1_000).describe('Your password: a browser left open is not enough'),
          code: z.string().min(1).max(40).optional().describe('With a second step: of the authenticator program'),
        }),
        response: {
          201: z.strictObject({ path: z.string(), expires: z.iso.datetime() }),
          ...schemas.problems(400, 401, 403, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { account } = signedIn(request).user;
      const { current, code } = request.body;
      await confirmOwner(services, request, current, code);
      const expires = clock.now() + VALID_MS;
      reply.code(201);
      return {
        path: `/v1/account-data/${cursors.make(account, LIST, expires)}`,
        expires: new Date(expires).toISOString(),
      };
    },
  );

  app.get(
    '/v1/account-data/:ticket',
    {
      // It would make all of it for nothing.
      exposeHeadRoute: false,
      schema: {
        tags: ['session'],
        summary: 'The file that was asked for',
        params: z.strictObject({ ticket: z.string().min(1).max(200) }),
        response: { 200: file, ...schemas.problems(401, 404, 503) },
      },
    },
    async (request, reply) => {
      const { account } = signedIn(request).user;
      if (expiryOf(request.params.ticket, account) < clock.now()) throw new Problem('not-found');
      return await send(reply, account);
    },
  );

  /** Of what this account was not given: the beginning of time. */
  function expiryOf(ticket: string, account: AccountId): number {
    try {
      return cursors.read(account, LIST, ticket) as number;
    } catch {
      return 0;
    }
  }

  app.get(
    '/v1/admin/accounts/:address/data',
    {
      exposeHeadRoute: false,
      config: { access: 'administrator' },
      schema: {
        tags: ['administration'],
        summary: 'Everything that is kept about a person, as one file',
        params: z.strictObject({ address: z.string().min(1).max(400) }),
        response: { 200: file, ...schemas.problems(401, 403, 404, 503) },
      },
    },
    async ({ params: { address } }, reply) => {
      const found = await directory.account(address);
      if (found === undefined) throw new Problem('not-found');
      return await send(reply, found.id);
    },
  );
}

async function* andThen<T>(items: AsyncIterable<T>, done: () => void): AsyncGenerator<T> {
  try {
    yield* items;
  } finally {
    done();
  }
}
