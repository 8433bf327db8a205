/** The shapes of rules over the wire. */
import { z } from 'zod';
import { COMPARISONS, RULE_LIMITS, TEXT_FIELDS } from '../../mail/rules/rule.ts';
import { keyword, line } from './schemas.ts';

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
    z.strictObject({ do: z.literal('keyword'), keyword: keyword }),
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
export const newRule = z
  .strictObject(ruleOf(actionsOf(folder)))
  .refine(
    ({ actions }) => actions.length === 1 || !actions.some((action) => action.do === 'reject'),
    'a mail that is rejected can have nothing else done to it',
  );
export const ruleView = z.strictObject({ id: z.string(), ...ruleOf(actionsOf(folderView)) });
