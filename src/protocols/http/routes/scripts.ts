/** Sieve scripts that people write themselves, as ManageSieve has them, and which one runs on what is done in a folder (RFC 6785). */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SCRIPT_ENTRY } from '../../../intake/sieve/events.ts';
import { SCRIPT_LIMITS, type SieveScripts } from '../../../intake/sieve/scripts.ts';
import { SieveError } from '../../../mail/sieve/error.ts';
import { SIEVE_LIMITS } from '../../../mail/sieve/limits.ts';
import type { FolderId, MailAccount } from '../../../mailstore/api.ts';
import { annotate, annotation } from '../../../mailstore/annotations.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { mustBeConfirmed } from '../confirmed.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { folderOf } from './folders.ts';

const TAGS = ['rules'];

const name = z.string().min(1).max(SCRIPT_LIMITS.name);
const nameParam = z.strictObject({ name });
const facts = {
  name: z.string(),
  active: z.boolean().describe('It runs on each mail that arrives, after the rules'),
  size: z.int().describe('Bytes'),
  changed: z.iso.datetime(),
};
const whole = z.strictObject({ ...facts, source: z.string() });
const bound = z.strictObject({ script: name.nullable().describe('null: none of its own') });

export function scriptRoutes(app: App, services: Services, scripts: SieveScripts): void {
  /** As with rules: not to new addresses without the password. What is no script is refused when it is put. */
  const mayForward = async (request: FastifyRequest, account: MailAccount, source: string) => {
    const to = await scripts.newForwards(account, source).catch(() => []);
    if (to.length > 0) await mustBeConfirmed(request, services);
  };

  app.get(
    '/v1/scripts',
    {
      schema: {
        tags: TAGS,
        summary: 'Sieve scripts, in the order in which they were made',
        response: { 200: z.strictObject({ items: z.array(z.strictObject(facts)) }), ...schemas.problems(401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return { items: (await scripts.list(account)).map(shown) };
    },
  );

  app.get(
    '/v1/scripts/:name',
    {
      schema: {
        tags: TAGS,
        summary: 'One script, with its text',
        params: nameParam,
        response: { 200: whole, ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => view(scripts, await ownAccount(request, reply, services), request.params.name),
  );

  app.put(
    '/v1/scripts/:name',
    {
      schema: {
        tags: TAGS,
        summary: 'Write a script, make it the active one, or stop it',
        description: 'A script with mistakes is refused, with line and column of each. One is active at most.',
        params: nameParam,
        body: z.strictObject({
          source: z.string().max(SIEVE_LIMITS.scriptBytes).optional().describe('Absent: as it is'),
          active: z.boolean().optional().describe('Absent: as it is'),
        }),
        response: { 200: whole, ...schemas.problems(400, 401, 403, 404, 409, 413, 507) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { source, active } = request.body;
      const { name: script } = request.params;
      if (source !== undefined) {
        await mayForward(request, account, source);
        await put(scripts, account, script, source);
      }
      const now = await view(scripts, account, script);
      if (active !== undefined && active !== now.active) await scripts.activate(account, active ? script : '');
      return { ...now, active: active ?? now.active };
    },
  );

  app.delete(
    '/v1/scripts/:name',
    {
      schema: {
        tags: TAGS,
        summary: 'Delete a script that is not active',
        params: nameParam,
        response: { 204: z.undefined().describe('Gone'), ...schemas.problems(401, 404, 409) },
      },
    },
    async (request, reply) => {
      await scripts.remove(await ownAccount(request, reply, services), request.params.name);
      return await reply.code(204).send();
    },
  );

  app.get(
    '/v1/folders/:id/script',
    {
      schema: {
        tags: TAGS,
        summary: 'Which script runs on what a mail program does in this folder',
        params: schemas.idParam,
        response: { 200: bound, ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return { script: await boundTo(account, folderOf(account, request.params.id).id) };
    },
  );

  app.put(
    '/v1/folders/:id/script',
    {
      schema: {
        tags: TAGS,
        summary: 'Run this script on what a mail program does in this folder',
        description: 'On messages that are appended, copied or moved there, and whose flags change (RFC 6785).',
        params: schemas.idParam,
        body: bound,
        response: { 200: bound, ...schemas.problems(400, 401, 404, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const folder = folderOf(account, request.params.id).id;
      const { script } = request.body;
      if (script !== null && (await scripts.named(account, script)) === undefined) throw new Problem('script-missing');
      await annotate(account, folder, new Map([[SCRIPT_ENTRY, script === null ? undefined : Buffer.from(script)]]));
      return { script };
    },
  );
}

type Listed = Awaited<ReturnType<SieveScripts['list']>>[number];

function shown({ name: of, active, size, changed }: Listed) {
  return { name: of, active, size, changed: new Date(changed).toISOString() };
}

async function view(scripts: SieveScripts, account: MailAccount, wanted: string): Promise<z.output<typeof whole>> {
  const found = (await scripts.list(account)).find((script) => script.name === wanted);
  if (found === undefined) throw new Problem('script-missing');
  return { ...shown(found), source: await scripts.source(account, wanted) };
}

async function put(scripts: SieveScripts, account: MailAccount, script: string, source: string): Promise<void> {
  try {
    await scripts.put(account, script, source);
  } catch (error) {
    if (error instanceof SieveError) throw new Problem('syntax', error.message);
    throw error;
  }
}

async function boundTo(account: MailAccount, folder: FolderId): Promise<string | null> {
  const value = await annotation(account, folder, SCRIPT_ENTRY);
  return value === undefined || value.length === 0 ? null : Buffer.from(value).toString();
}
