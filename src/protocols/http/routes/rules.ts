/** Rules: what is done with mail that arrives, as people make them in a form. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Rules } from '../../../intake/rules.ts';
import type { SieveScripts } from '../../../intake/sieve/scripts.ts';
import { type Action, type Condition, type Rule, RULE_LIMITS } from '../../../mail/rules/rule.ts';
import { SieveError } from '../../../mail/sieve/error.ts';
import { SIEVE_LIMITS } from '../../../mail/sieve/limits.ts';
import type { MailAccount } from '../../../mailstore/api.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { mustBeConfirmed } from '../confirmed.ts';
import { idempotent } from '../idempotency.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { newRule, ruleView } from '../schemas-rules.ts';
import { folderOf } from './folders.ts';

const TAGS = ['rules'];

const list = z.strictObject({ items: z.array(ruleView) });
const script = z.strictObject({ script: z.string().max(SIEVE_LIMITS.scriptBytes) });

export function ruleRoutes(app: App, services: Services, rules: Rules, scripts: SieveScripts): void {
  /** To new addresses: whoever has got in by a script in the page must not be able to go on reading. */
  const mayForward = async (request: FastifyRequest, account: MailAccount, wanted: readonly Omit<Rule, 'id'>[]) => {
    if (wanted.every(({ actions }) => actions.every((action) => action.do !== 'forward'))) return;
    const named = wanted.map((rule, i) => ({ ...rule, id: String(i) }));
    if ((await rules.newForwards(account, named)).length > 0) await mustBeConfirmed(request, services);
  };

  app.get(
    '/v1/rules',
    {
      schema: {
        tags: TAGS,
        summary: 'All rules, in the order in which they run',
        description: 'They run on each mail that arrives, before the active Sieve script, which stays as it is.',
        response: { 200: list, ...schemas.problems(401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return listView(account, await rules.list(account));
    },
  );

  app.put(
    '/v1/rules',
    {
      schema: {
        tags: TAGS,
        summary: 'All rules, in another order or others altogether',
        description:
          'A rule with the id of one that is there stays that one. To pass mail on to an address that it was not passed on to before takes POST /v1/session/confirm, here as with all rules and scripts; the owner is told of it in a mail.',
        body: z.strictObject({
          items: z
            .array(z.intersection(newRule, z.object({ id: z.string().max(40).optional() })))
            .max(RULE_LIMITS.rules),
        }),
        response: { 200: list, ...schemas.problems(400, 401, 403, 404, 409, 413) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const items = request.body.items.map((item) => ({ id: item.id, rule: ruleFrom(account, item) }));
      await mayForward(
        request,
        account,
        items.map(({ rule }) => rule),
      );
      const changed = await rules.change(account, (before) => {
        const left = new Set(before.map(({ id }) => id));
        return items.map(({ id, rule }) => ({ ...rule, id: id !== undefined && left.delete(id) ? id : rules.newId() }));
      });
      return listView(account, changed);
    },
  );

  app.post(
    '/v1/rules',
    {
      schema: {
        tags: TAGS,
        summary: 'One more rule, behind the others',
        body: newRule,
        response: { 201: ruleView, ...schemas.problems(400, 401, 403, 404, 409, 413) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const made = await idempotent(request, account, async () => {
        const rule = { ...ruleFrom(account, request.body), id: rules.newId() };
        await mayForward(request, account, [rule]);
        await rules.change(account, (before) => [...before, rule]);
        return view(account, rule);
      });
      return await reply.code(201).header('location', `/v1/rules/${made.id}`).send(made);
    },
  );

  app.put(
    '/v1/rules/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'Another rule in the place of one',
        params: schemas.idParam,
        body: newRule,
        response: { 200: ruleView, ...schemas.problems(400, 401, 403, 404, 409, 413) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = request.params;
      mustBeThere(await rules.list(account), id);
      const rule = { ...ruleFrom(account, request.body), id };
      await mayForward(request, account, [rule]);
      await rules.change(account, (before) => before.map((one) => (one.id === id ? rule : one)));
      return view(account, rule);
    },
  );

  app.delete(
    '/v1/rules/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'One rule less',
        params: schemas.idParam,
        response: { 204: z.undefined().describe('Gone'), ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = request.params;
      await rules.change(account, (before) => {
        mustBeThere(before, id);
        return before.filter((one) => one.id !== id);
      });
      return await reply.code(204).send();
    },
  );

  app.get(
    '/v1/settings/rules-script',
    {
      schema: {
        tags: TAGS,
        summary: 'The rules as a Sieve script',
        response: { 200: script, ...schemas.problems(401) },
      },
    },
    async (request, reply) => ({ script: await rules.source(await ownAccount(request, reply, services)) }),
  );

  app.put(
    '/v1/settings/rules-script',
    {
      schema: {
        tags: TAGS,
        summary: 'Rules from a Sieve script',
        description:
          'Instead of those there are. A script that does anything that no rule can do is refused: 400 says where.',
        body: script,
        response: { 200: list, ...schemas.problems(400, 401, 403, 409, 413) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      try {
        if ((await scripts.newForwards(account, request.body.script)).length > 0)
          await mustBeConfirmed(request, services);
        return listView(account, await rules.replace(account, request.body.script));
      } catch (error) {
        // It is about what the caller wrote.
        if (error instanceof SieveError) throw new Problem('syntax', error.message);
        throw error;
      }
    },
  );
}

function mustBeThere(rules: readonly Rule[], id: string): void {
  if (!rules.some((one) => one.id === id)) throw new Problem('not-found');
}

function ruleFrom(account: MailAccount, { actions, ...rest }: z.output<typeof newRule>): Omit<Rule, 'id'> {
  const conditions = rest.conditions.map(({ not: opposite, ...condition_ }) => ({
    ...condition_,
    ...(opposite && { not: true }),
  })) as Condition[];
  return { ...rest, conditions, actions: actions.map((action) => actionFrom(account, action)) };
}

function actionFrom(account: MailAccount, action: z.output<typeof newRule>['actions'][number]): Action {
  if (!('folder' in action)) return action;
  const { id, path } = folderOf(account, action.folder);
  return { do: action.do, folder: { id, path } };
}

export function view(account: MailAccount, rule: Rule): z.output<typeof ruleView> {
  return {
    ...rule,
    conditions: rule.conditions.map((one) => ({ ...one })),
    actions: rule.actions.map((action) => {
      if (!('folder' in action)) return action;
      const { id, path } = action.folder;
      const found = account.folders().find((one) => one.id === id) ?? account.folderAt(path);
      return { do: action.do, folder: found === undefined ? null : String(found.id) };
    }),
  };
}

function listView(account: MailAccount, rules: readonly Rule[]): z.output<typeof list> {
  return { items: rules.map((rule) => view(account, rule)) };
}
