/** From what is written to what may run: names, arguments, `require`. Everything wrong with a script is found here. */
import {
  type Block,
  type Branch,
  Call,
  type CheckedCommand,
  type CheckedTest,
  type CheckedText,
  type SieveScript,
  type Value,
} from './call.ts'; // prettier-ignore
import { decodeEncodedCharacters } from './encoded-character.ts';
import { type Position, type Problem, problemAt, shown, SieveError } from './error.ts';
import { type Known, REGISTRY } from './extensions.ts';
import type { ArgumentKind, CommandSpec, TagSpec, TestSpec } from './language.ts';
import { SIEVE_LIMITS } from './limits.ts';
import { asciiCasemap, asciiNumeric, type Comparator, is, type MatchType } from './match.ts';
import { type Argument, type Node, parseSieve, type Text } from './parser.ts';

type Shape = CommandSpec | TestSpec;

const KINDS: { readonly [kind in ArgumentKind]: string } = {
  string: 'a string',
  strings: 'a string or a list of strings',
  number: 'a number',
};

/** Throws `SieveError` with everything that is wrong. `available` says which extensions there are (default: all). */
export function compileSieve(source: string, available: (name: string) => boolean = () => true): SieveScript {
  if (Buffer.byteLength(source) > SIEVE_LIMITS.scriptBytes)
    throw problemAt({ line: 1, column: 1 }, `the script is larger than ${SIEVE_LIMITS.scriptBytes} bytes`);
  if (source.includes('\0')) throw problemAt({ line: 1, column: 1 }, 'the script holds a NUL');
  return new Checker(available).script(parseSieve(source));
}

export class Checker {
  readonly #available: (name: string) => boolean;
  readonly #capabilities = new Set<string>(['']);
  readonly #problems: Problem[] = [];

  constructor(available: (name: string) => boolean) {
    this.#available = available;
  }

  script(nodes: readonly Node[]): SieveScript {
    const isRequire = (node: Node): boolean => node.name === 'require';
    const first = nodes.findIndex((node) => !isRequire(node));
    const rest = first < 0 ? [] : nodes.slice(first);
    for (const node of first < 0 ? nodes : nodes.slice(0, first)) this.#require(node);
    const block = this.#block(rest);
    if (this.#problems.length > 0) throw new SieveError(this.#problems);
    return { block, capabilities: new Set([...this.#capabilities].filter((name) => name !== '')) };
  }

  problem(where: Position, message: string): void {
    if (this.#problems.length < SIEVE_LIMITS.problems)
      this.#problems.push({ line: where.line, column: where.column, message });
  }

  has(capability: string): boolean {
    return this.#capabilities.has(capability);
  }

  /** From here on it may be used. Answers whether it is available. */
  enable(capability: string): boolean {
    const known = REGISTRY.capabilities.has(capability) && this.#available(capability);
    if (known) this.#capabilities.add(capability);
    const implied = REGISTRY.implied.get(capability);
    if (known && implied !== undefined) this.enable(implied);
    return known;
  }

  /** What a string says when the script decides it alone, not a mail. */
  constant(text: CheckedText | undefined): string | undefined {
    return text?.dynamic === false ? text.value : undefined;
  }

  #require(node: Node): void {
    const [names, ...more] = node.arguments;
    if (names?.kind !== 'strings' || more.length > 0 || node.tests.length > 0 || node.block !== undefined)
      return this.problem(node, "'require' takes the names of extensions: a string or a list of strings");
    for (const name of names.items)
      if (!this.enable(name.value))
        this.problem(name, `the extension ${JSON.stringify(shown(name.value))} is not available`);
  }

  #block(nodes: readonly Node[]): Block {
    const commands: CheckedCommand[] = [];
    let branches: Branch[] | undefined;
    for (const node of nodes) {
      if (node.name === 'if') {
        branches = [this.#branch(node)];
        commands.push({ kind: 'if', branches });
      } else if (node.name === 'elsif' || node.name === 'else') {
        if (branches === undefined) this.problem(node, `'${node.name}' without an 'if' before it`);
        const branch = this.#branch(node);
        branches?.push(branch);
        if (node.name === 'else') branches = undefined;
      } else {
        branches = undefined;
        if (node.name === 'require') this.problem(node, "'require' must stand before all other commands");
        else commands.push(this.#command(node));
      }
    }
    return commands;
  }

  #branch(node: Node): Branch {
    if (node.arguments.length > 0) this.problem(node, `'${node.name}' takes no arguments`);
    const isElse = node.name === 'else';
    const [test] = node.tests;
    if (isElse && test !== undefined) this.problem(node, "'else' takes no test");
    if (!isElse && (node.tests.length !== 1 || node.inParentheses)) this.problem(node, `'${node.name}' takes one test`);
    if (node.block === undefined) this.problem(node, `'${node.name}' needs a block of commands in braces`);
    const checked = isElse || test === undefined ? undefined : this.#test(test);
    return { test: checked, block: this.#block(node.block ?? []) };
  }

  #command(node: Node): CheckedCommand {
    const found = this.#usable(node, 'command', REGISTRY.commands.get(node.name));
    if (!('spec' in found)) return { kind: 'command', spec: failing(node, found.message), call: new Call(node) };
    const { spec } = found;
    const call = new Call(node);
    if (node.tests.length > 0) this.problem(node, `'${node.name}' takes no tests`);
    if (spec.block && node.block === undefined)
      this.problem(node, `'${node.name}' needs a block of commands in braces`);
    if (!spec.block && node.block !== undefined) this.problem(node, `'${node.name}' takes no block of commands`);
    const broken = this.#arguments(node, spec, call);
    if (spec.block) call.block = this.#block(node.block ?? []);
    if (broken !== undefined) return { kind: 'command', spec: failing(node, broken), call };
    return { kind: 'command', spec, call };
  }

  #test(node: Node): CheckedTest {
    const found = this.#usable(node, 'test', REGISTRY.tests.get(node.name));
    const call = new Call(node);
    if (!('spec' in found)) return { spec: failingTest(node, found.message), call };
    const { spec } = found;
    if (spec.tests === undefined && node.tests.length > 0) this.problem(node, `'${node.name}' takes no tests`);
    if (spec.tests === 'one' && (node.tests.length !== 1 || node.inParentheses))
      this.problem(node, `'${node.name}' takes one test`);
    if (spec.tests === 'many' && !node.inParentheses) this.problem(node, `'${node.name}' takes tests in parentheses`);
    call.tests = node.tests.map((test) => this.#test(test));
    const broken = this.#arguments(node, spec, call);
    return broken === undefined ? { spec, call } : { spec: failingTest(node, broken), call };
  }

  /** What a name means here, or why it may not be used. With `ihave` that matters only when it is come to (RFC 5463 §4). */
  #usable<T>(
    node: Position & { readonly name: string },
    what: string,
    found: Known<T> | undefined,
  ): { spec: T } | { message: string } {
    // prettier-ignore
    if (found !== undefined && this.has(found.extension)) return { spec: found.spec };
    const other = what === 'command' ? REGISTRY.tests.has(node.name) : REGISTRY.commands.has(node.name);
    const message =
      found !== undefined
        ? `'${node.name}' needs: require "${found.extension}"`
        : other
          ? `'${node.name}' is no ${what}`
          : `there is no ${what} '${shown(node.name)}'`;
    if (!this.has('ihave')) this.problem(node, message);
    return { message };
  }

  /** Answers why the call cannot be carried out, where that is no mistake before it is come to. */
  #arguments(node: Node, spec: Shape, call: Call): string | undefined {
    const positional: Argument[] = [];
    const groups = new Map<string, string>();
    let broken: string | undefined;
    let type: MatchType = is;
    let relation = '';
    let comparator: Comparator | undefined;
    for (let i = 0; i < node.arguments.length; i += 1) {
      const argument = node.arguments[i]!;
      if (argument.kind !== 'tag') {
        positional.push(argument);
        continue;
      }
      if (positional.length > 0) this.problem(argument, 'tags stand before the other arguments');
      const tag = this.#tag(spec, argument.name);
      if (tag === undefined || !this.has(tag.extension)) {
        const shownTag = `:${shown(argument.name)}`;
        const message =
          tag === undefined
            ? `'${node.name}' does not know ${shownTag}`
            : `'${shownTag}' of '${node.name}' needs: require "${tag.extension}"`;
        if (this.has('ihave')) broken = message;
        else this.problem(argument, message);
        // What follows may be its argument.
        if (tag?.spec.value === undefined) continue;
      }
      const group = tag.spec.group ?? tag.spec.name;
      const before = groups.get(group);
      if (before !== undefined)
        this.problem(
          argument,
          before === tag.spec.name
            ? `:${before} is there twice`
            : `:${before} and :${tag.spec.name} exclude each other`,
        ); // prettier-ignore
      groups.set(group, tag.spec.name);
      let value: Value | undefined;
      if (tag.spec.value !== undefined) {
        const next = node.arguments[i + 1];
        value = this.#value(tag.spec.value, next, argument, `:${tag.spec.name}`);
        if (next !== undefined && next.kind !== 'tag') i += 1;
      }
      call.set(`:${tag.spec.name}`, value);
      const text = value?.kind === 'strings' ? value.items[0] : undefined;
      if (tag.matchType !== undefined) {
        type = tag.matchType;
        relation = text === undefined ? '' : text.value;
        if (type.relation && !RELATIONS.has(relation))
          this.problem(argument, `:${type.name} takes "gt", "ge", "lt", "le", "eq" or "ne"`);
      } else if (tag.spec.name === 'comparator' && text !== undefined) {
        const known = REGISTRY.comparators.get(text.value);
        if (known === undefined) this.problem(text, `there is no comparator ${JSON.stringify(shown(text.value))}`);
        else if (!this.has(known.extension)) this.problem(text, `this needs: require "${known.extension}"`);
        else comparator = known.spec;
      } else if (tag.part !== undefined) call.part = tag.part;
    }
    this.#positional(node, spec, positional, call);
    if (spec.keys !== undefined) this.#matching(call, spec.keys, type, relation, comparator);
    for (const [tag, { spec: added, extension }] of REGISTRY.tags.get(spec.name) ?? [])
      if (call.has(`:${tag}`) && this.has(extension)) added.check?.(call, this);
    if (spec.addressPart) call.part ??= REGISTRY.addressParts.get('all')!.spec;
    if (broken === undefined && this.#problems.length === 0) spec.check?.(call, this);
    return broken;
  }

  #tag(spec: Shape, name: string) {
    const own = spec.tags?.find((tag) => tag.name === name);
    if (own !== undefined) return { spec: own, extension: '' };
    const added = REGISTRY.tags.get(spec.name)?.get(name);
    if (added !== undefined) return { spec: added.spec.tag, extension: added.extension };
    if (spec.keys !== undefined) {
      if (name === 'comparator') return { spec: COMPARATOR_TAG, extension: '' };
      const type = REGISTRY.matchTypes.get(name);
      if (type !== undefined) {
        const tag: TagSpec = { name, group: 'match type', ...(type.spec.relation ? { value: 'string' } : {}) };
        return { spec: tag, extension: type.extension, matchType: type.spec };
      }
    }
    const part = spec.addressPart ? REGISTRY.addressParts.get(name) : undefined;
    if (part === undefined) return undefined;
    return { spec: { name, group: 'address part' } as TagSpec, extension: part.extension, part: part.spec };
  }

  #positional(node: Node, spec: Shape, given: readonly Argument[], call: Call): void {
    const all = spec.positional ?? [];
    const needed = all.filter((one) => !one.optional);
    const wanted = given.length === all.length ? all : needed;
    if (given.length !== wanted.length) {
      const kinds = all.map(({ name, kind, optional }) => `${optional ? 'perhaps ' : ''}${KINDS[kind]} (${name})`);
      return this.problem(node, `'${node.name}' takes ${kinds.length === 0 ? 'no arguments' : kinds.join(' and ')}`);
    }
    for (const [i, { name, kind }] of wanted.entries()) {
      const value = this.#value(kind, given[i], given[i]!, `'${node.name}' as ${name}`);
      if (value !== undefined) call.set(name, value);
    }
  }

  #value(kind: ArgumentKind, given: Argument | undefined, where: Position, who: string): Value | undefined {
    if (kind === 'number' && given?.kind === 'number') return { kind: 'number', value: given.value };
    if (kind !== 'number' && given?.kind === 'strings' && (kind === 'strings' || !given.isList))
      return { kind: 'strings', items: given.items.map((text) => this.#text(text)) };
    this.problem(given ?? where, `${who} takes ${KINDS[kind]}`);
    return undefined;
  }

  #text(text: Text): CheckedText {
    const { line, column } = text;
    let { value } = text;
    if (this.has('encoded-character') && value.includes('${')) {
      try {
        value = decodeEncodedCharacters(value);
      } catch (error) {
        this.problem(text, (error as Error).message);
      }
    }
    return { value, line, column, dynamic: this.has('variables') && value.includes('${') };
  }

  #matching(call: Call, name: string, type: MatchType, relation: string, given: Comparator | undefined): void {
    const comparator = given ?? (type.counts ? asciiNumeric : asciiCasemap);
    const keys = call.texts(name);
    if (type.substring && comparator.fold === undefined)
      return this.problem(call, `the comparator ${comparator.name} cannot look into strings, as :${type.name} does`);
    for (const key of keys) {
      const wrong = key.dynamic ? undefined : type.wrong?.(key.value, comparator);
      if (wrong !== undefined) this.problem(key, wrong);
    }
    call.matching = { type, comparator, relation, keys };
  }
}

const COMPARATOR_TAG: TagSpec = { name: 'comparator', value: 'string' };
const RELATIONS = new Set(['gt', 'ge', 'lt', 'le', 'eq', 'ne']);

/** Stands where an extension is missing that the script may do without. */
function failing(where: Position, message: string): CommandSpec {
  return {
    name: '',
    run() {
      throw problemAt(where, message);
    },
  };
}

function failingTest(where: Position, message: string): TestSpec {
  return {
    name: '',
    evaluate() {
      throw problemAt(where, message);
    },
  };
}
