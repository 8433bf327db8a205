/**
 * A Sieve script read as rules: what `compileRules` writes, and what others write in the same forms. A guess is made at
 * each test and command, written as Sieve again and compared: so nothing is read as a rule that does something else.
 */
import { type Position, problemAt } from '../sieve/error.ts';
import { type Argument, type Node, parseSieve } from '../sieve/parser.ts';
import { actionText, conditionText, RULE_LINE } from './compile.ts';
import {
  type Action,
  COMPARISONS,
  type Condition,
  IMPORTANCE,
  type Rule,
  type RuleFolder,
  TEXT_FIELDS,
} from './rule.ts'; // prettier-ignore

/** Throws `SieveError` for what is no script, or none of rules. `newId` names rules that have no line of their own. */
export function readRules(script: string, newId: (index: number) => string): Rule[] {
  const lines = script.split(/\r\n|\n|\r/);
  const rules: Rule[] = [];
  for (const node of parseSieve(script)) {
    if (node.name === 'require') continue;
    if (node.name !== 'if') throw problemAt(node, `'${node.name}' stands in no rule`);
    const [test] = node.tests;
    if (test === undefined || node.block === undefined) throw problemAt(node, "'if' takes one test and a block");
    const head = headOf(lines[node.line - 2] ?? '');
    const stops = node.block.at(-1)?.name === 'stop';
    const commands = stops ? node.block.slice(0, -1) : node.block;
    rules.push({
      id: head?.id ?? newId(rules.length),
      name: head?.name ?? '',
      ...testOf(test),
      actions: commands.map(readAction),
      stop: stops,
    });
  }
  return rules;
}

function headOf(line: string): { id: string; name: string } | undefined {
  if (!line.startsWith(RULE_LINE)) return undefined;
  const [id = '', ...words] = line.slice(RULE_LINE.length).split(' ');
  return /^[A-Za-z0-9_-]{1,40}$/.test(id) ? { id, name: words.join(' ') } : undefined;
}

function testOf(test: Node): Pick<Rule, 'enabled' | 'match' | 'conditions'> {
  const [first, second] = test.tests;
  if (test.name === 'allof' && first?.name === 'false' && second !== undefined && test.tests.length === 2)
    return { ...testOf(second), enabled: false };
  // A single `anyof` of several may also be one condition of its own.
  const known = readCondition(test);
  if (known !== undefined) return { enabled: true, match: 'all', conditions: [known] };
  if (test.name === 'true') return { enabled: true, match: 'all', conditions: [] };
  if (test.name !== 'allof' && test.name !== 'anyof') throw unreadable(test);
  if (first?.name === 'true' && test.tests.length === 1) return { enabled: true, match: 'all', conditions: [] };
  const conditions = test.tests.map((one) => {
    const condition = readCondition(one);
    if (condition === undefined) throw unreadable(one);
    return condition;
  });
  return { enabled: true, match: test.name === 'anyof' ? 'any' : 'all', conditions };
}

function unreadable(node: Position & { readonly name: string }): Error {
  return problemAt(node, `this '${node.name}' cannot be shown as a rule`);
}

function readCondition(node: Node): Condition | undefined {
  const [inner] = node.tests;
  if (node.name === 'not' && inner !== undefined && !node.inParentheses) {
    const condition = readCondition(inner);
    return condition === undefined || condition.not ? undefined : { ...condition, not: true };
  }
  const wanted = shape(node);
  return guesses(node).find((guess) => shape(parseTest(conditionText(guess))) === wanted);
}

function* guesses(node: Node): Generator<Condition> {
  yield { field: 'attachment' };
  const leaf = node.tests[0] ?? node;
  if (leaf.name === 'size') {
    const bytes = leaf.arguments.find((argument) => argument.kind === 'number')?.value ?? 0;
    yield { field: 'size', comparison: 'over', bytes };
    yield { field: 'size', comparison: 'under', bytes };
  }
  const keys = leaf.arguments.at(-1);
  const key = keys?.kind === 'strings' ? (keys.items[0]?.value ?? '') : '';
  for (const field of TEXT_FIELDS)
    for (const comparison of COMPARISONS) {
      const value = field === 'list' && comparison === 'is' ? unescaped(key.slice(2, -2)) : key;
      yield { field, comparison, value };
    }
}

/** The opposite of `literal`. */
function unescaped(pattern: string): string {
  return pattern.replaceAll(/\\(.)/gs, '$1');
}

function readAction(node: Node): Action {
  const action = guessAction(node);
  const [written] = parseSieve(action === undefined ? 'stop;' : actionText(action));
  if (action === undefined || written === undefined || shape(written) !== shape(node)) throw unreadable(node);
  return action;
}

function guessAction(node: Node): Action | undefined {
  const text = textsOf(node).at(-1) ?? '';
  const has = (tag: string) => node.arguments.some((argument) => argument.kind === 'tag' && argument.name === tag);
  switch (node.name) {
    case 'fileinto':
      if (has('specialuse')) return { do: 'delete' };
      return { do: has('copy') ? 'copy' : 'move', folder: folderOf(textsOf(node)) };
    case 'addflag':
      if (text === '\\Flagged') return { do: 'flag' };
      if (text === '\\Seen') return { do: 'read' };
      if (text === IMPORTANCE.high) return { do: 'importance', importance: 'high' };
      if (text === IMPORTANCE.low) return { do: 'importance', importance: 'low' };
      return { do: 'keyword', keyword: text };
    case 'redirect':
      return { do: 'forward', address: text, keep: has('copy') };
    case 'reject':
      return { do: 'reject', reason: text };
    default:
      return undefined;
  }
}

function folderOf(texts: readonly string[]): RuleFolder {
  const [first = '', second] = texts;
  const id = second === undefined ? undefined : /^F([1-9][0-9]{0,15})$/.exec(first)?.[1];
  return { ...(id !== undefined && { id: Number(id) }), path: second ?? first };
}

function textsOf(node: Node): string[] {
  return node.arguments.flatMap((argument) =>
    argument.kind === 'strings' ? argument.items.map(({ value }) => value) : [],
  );
}

function parseTest(text: string): Node {
  return parseSieve(`if ${text} {}`)[0]!.tests[0]!;
}

/** What a node says, wherever it stands; header names in any case. */
function shape(node: Node): string {
  const { name, tests, block } = node;
  const last = node.arguments.length - 1;
  const fields = name === 'header' || name === 'address';
  const written = node.arguments.map((argument, i) => argumentShape(argument, fields && i < last));
  return JSON.stringify([name, written, tests.map(shape), block?.map(shape)]);
}

function argumentShape(argument: Argument, isName: boolean): unknown {
  if (argument.kind === 'tag') return `:${argument.name}`;
  if (argument.kind === 'number') return argument.value;
  return argument.items.map(({ value }) => (isName ? value.toLowerCase() : value));
}
