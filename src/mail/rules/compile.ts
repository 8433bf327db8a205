/** Rules as a Sieve script (RFC 5228). `readRules` reads back what is written here. */
import { type Action, type Condition, IMPORTANCE, type Rule, type RuleFolder, type TextCondition } from './rule.ts';

/** Stands before each rule, in a line of its own: `# rule <id> <name>`. */
export const RULE_LINE = '# rule ';

const REQUIRE = ['body', 'copy', 'fileinto', 'imap4flags', 'mailboxid', 'mime', 'reject', 'special-use'];
const HEAD = `require [${REQUIRE.map((name) => `"${name}"`).join(', ')}];\n`;
const PEOPLE = '["from", "sender"]';
const RECIPIENTS = '["to", "cc", "bcc"]';

export function compileRules(rules: readonly Rule[]): string {
  return `${HEAD}${rules.map(ruleText).join('')}`;
}

function ruleText(rule: Rule): string {
  const tests = rule.conditions.map(conditionText);
  const all = rule.match === 'all' || tests.length === 0;
  const test = `${all ? 'allof' : 'anyof'} (${tests.length === 0 ? 'true' : tests.join(',\n    ')})`;
  // In a script nothing can be switched off: what is, is asked together with what never holds.
  const condition = rule.enabled ? test : `allof (false, ${test})`;
  const commands = rule.actions.map((action) => `  ${actionText(action)}\n`).join('');
  const name = rule.name.replaceAll(/[\r\n]+/g, ' ');
  return `${RULE_LINE}${rule.id} ${name}\nif ${condition} {\n${commands}${rule.stop ? '  stop;\n' : ''}}\n`;
}

export function conditionText(condition: Condition): string {
  const test = plainText(condition);
  return condition.not ? `not ${test}` : test;
}

function plainText(condition: Condition): string {
  if (condition.field === 'size') return `size :${condition.comparison} ${condition.bytes}`;
  if (condition.field === 'attachment') {
    const named = (field: string, param: string) => `header :mime :anychild :param "${param}" :matches "${field}" "*"`;
    const attached = 'header :mime :anychild :type :is "content-disposition" "attachment"';
    return `anyof (${attached}, ${named('content-disposition', 'filename')}, ${named('content-type', 'name')})`;
  }
  return textTest(condition);
}

function textTest({ field, comparison, value }: TextCondition): string {
  const how = `:${comparison}`;
  const key = quoted(value);
  switch (field) {
    case 'sender':
      return peopleTest(PEOPLE, comparison, value);
    case 'recipient':
      return peopleTest(RECIPIENTS, comparison, value);
    case 'subject':
      return `header ${how} "subject" ${key}`;
    case 'body':
      return `body :text ${how} ${key}`;
    case 'anywhere':
      return `anyof (header ${how} ["from", "sender", "to", "cc", "subject"] ${key}, body :text ${how} ${key})`;
    case 'list':
      // The field is `name <id>` (RFC 2919 §3).
      if (comparison === 'is') return `header :matches "list-id" ${quoted(`*<${literal(value)}>*`)}`;
      return `header ${how} "list-id" ${key}`;
  }
}

/** Of somebody the whole field holds name and address; to be equal, one of the two must be. */
function peopleTest(fields: string, comparison: TextCondition['comparison'], value: string): string {
  if (comparison === 'contains') return `header :contains ${fields} ${quoted(value)}`;
  const name = comparison === 'is' ? literal(value) : value;
  const names = `["${escaped(`${name} <*>`)}", "${escaped(`"${name}" <*>`)}"]`;
  return `anyof (address :${comparison} ${fields} ${quoted(value)}, header :matches ${fields} ${names})`;
}

export function actionText(action: Action): string {
  switch (action.do) {
    case 'move':
      return `fileinto ${folderText(action.folder)};`;
    case 'copy':
      return `fileinto :copy ${folderText(action.folder)};`;
    case 'flag':
      return 'addflag "\\\\Flagged";';
    case 'read':
      return 'addflag "\\\\Seen";';
    case 'delete':
      return 'fileinto :specialuse "\\\\Trash" "Trash";';
    case 'keyword':
      return `addflag ${quoted(action.keyword)};`;
    case 'importance':
      return `addflag "${IMPORTANCE[action.importance]}";`;
    case 'forward':
      return `redirect ${action.keep ? ':copy ' : ''}${quoted(action.address)};`;
    case 'reject':
      return `reject ${quoted(action.reason)};`;
  }
}

function folderText({ id, path }: RuleFolder): string {
  return id === undefined ? quoted(path) : `:mailboxid "F${id}" ${quoted(path)}`;
}

/** In `:matches`, a text that stands for itself. */
export function literal(value: string): string {
  return value.replaceAll(/[\\*?]/g, '\\$&');
}

function escaped(value: string): string {
  return value.replaceAll(/[\\"]/g, '\\$&');
}

function quoted(value: string): string {
  return `"${escaped(value)}"`;
}
