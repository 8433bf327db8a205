/** Rules: what is done with mail that arrives, as people make them in a form. */
import { z } from 'zod';
import type { Rules } from '../../../intake/rules.ts';
import {
  type Action,
  COMPARISONS,
  type Condition,
  type Rule,
  RULE_LIMITS,
  TEXT_FIELDS,
} from '../../../mail/rules/rule.ts'; // prettier-ignore
import { SieveError } from '../../../mail/sieve/error.ts';
import { SIEVE_LIMITS } from '../../../mail/sieve/limits.ts';
import type { MailAccount } from '../../../mailstore/api.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { idempotent } from '../idempotency.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { folderOf } from './folders.ts';

const TAGS = ['rules'];

/** No control characters: it is one line. */
const line = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[^\x00-\x1f\x7f]*$/, 'one line of text');
const not = z.boolean().optional().describe('It holds where the rest does not');
const condition = z.union([
  z.strictObject({
    field: z.enum(TEXT_FIELDS).describe('sender: name or address; list: the mailing list (List-Id)'),
    comparison: z.enum(COMPARISONS).describe('matches: * is any text, ? any character. Case does not matter'),
    value: line(RULE_LIMITS.value),
    not,
  }),
  z.strictObject({
    field: z.literal('size'),
    comparison: z.enum(['over', 'under']),
    bytes: z
      .int()
      .min(0)
      .max(2 ** 31 - 1),
    not,
  }),
  z.strictObject({ field: z.literal('attachment'), not }),
]);

const folder = z.string().min(1).max(64).describe('Folder (id or role)');
const folderView = folder.nullable().describe('Id; null when the folder is gone: then mail stays in INBOX');
const address = z.email({ pattern: z.regexes.unicodeEmail }).max(320);
const actionsOf = <F extends z.ZodType>(where: F) =>
  z.discriminatedUnion('do', [
    z.strictObject({ do: z.enum(['move', 'copy']), folder: where }),
    z.strictObject({ do: z.enum(['flag', 'read', 'delete']).describe('delete: into Trash') }),
    z.strictObject({ do: z.literal('keyword'), keyword: schemas.keyword }),
    z.strictObject({
      do: z.literal('importance'),
      importance: z.enum(['high', 'low']).describe('As the keyword $Important or $Unimportant'),
    }),
    z.strictObject({ do: z.literal('forward'), address, keep: z.boolean().describe('It stays here, too') }),
    z.strictObject({ do: z.literal('reject'), reason: z.string().min(1).max(RULE_LIMITS.reason) }),
  ]);

const ruleOf = <A extends z.ZodType>(action: A) => ({
  name: line(RULE_LIMITS.name).default(''),
  enabled: z.boolean().default(true),
  match: z.enum(['all', 'any']).default('all'),
  conditions: z.array(condition).max(RULE_LIMITS.conditions).describe('None: it holds for every mail'),
  actions: z.array(action).max(RULE_LIMITS.actions),
  stop: z.boolean().default(true).describe('No later rule, and no script, looks at a mail for which it holds'),
});
const newRule = z
  .strictObject(ruleOf(actionsOf(folder)))
  .refine(
    ({ actions }) => actions.length === 1 || !actions.some((action) => action.do === 'reject'),
    'a mail that is rejected can have nothing else done to it',
  );
const ruleView = z.strictObject({ id: z.string(), ...ruleOf(actionsOf(folderView)) });
const list = z.strictObject({ items: z.array(ruleView) });
const script = z.strictObject({ script: z.string().max(SIEVE_LIMITS.scriptBytes) });

export function ruleRoutes(app: App, services: Services, rules: Rules): void {
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
        description: 'A rule with the id of one that is there stays that one.',
        body: z.strictObject({
          items: z
            .array(z.intersection(newRule, z.object({ id: z.string().max(40).optional() })))
            .max(RULE_LIMITS.rules),
        }),
        response: { 200: list, ...schemas.problems(400, 401, 404, 409, 413) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const items = request.body.items.map((item) => ({ id: item.id, rule: ruleFrom(account, item) }));
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
        response: { 201: ruleView, ...schemas.problems(400, 401, 404, 409, 413) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const made = await idempotent(request, account, async () => {
        const rule = { ...ruleFrom(account, request.body), id: rules.newId() };
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
        response: { 200: ruleView, ...schemas.problems(400, 401, 404, 409, 413) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = request.params;
      mustBeThere(await rules.list(account), id);
      const rule = { ...ruleFrom(account, request.body), id };
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
        response: { 200: list, ...schemas.problems(400, 401, 409, 413) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      try {
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
