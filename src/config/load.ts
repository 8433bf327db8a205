/** Where the configuration comes from: defaults < file < mode (`--demo`, `--sandbox`) < environment < `--set`. */
import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { type ConfigKey, environmentName, keysOf } from './keys.ts';
import { locate } from './locate.ts';
import { type Config, schema } from './schema.ts';

/** One line that says where, what is wrong, and what was expected. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export interface ConfigSources {
  /** Undefined: `pabal.toml` in the working folder, if there is one; null: none. */
  readonly file?: string | null | undefined;
  /** `a.b=value`, in order. */
  readonly set?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What a mode of operation prescribes: over the file, under the environment. */
  readonly mode?: Readonly<Record<string, unknown>>;
}

export interface LoadedConfig {
  readonly config: Config;
  /** The same as it would stand in a file, by dotted key, with defaults; includes secrets. */
  readonly written: ReadonlyMap<string, unknown>;
  /** The file it came from, undefined when there was none. */
  readonly file: string | undefined;
}

export const DEFAULT_FILE = 'pabal.toml';

interface Assignment {
  readonly value: unknown;
  /** Where it was said, for messages. */
  readonly where: string;
}

export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const keys = new Map(keysOf(schema).map((key) => [key.path.join('.'), key]));
  const said = new Map<string, Assignment>();
  for (const [name, key] of keys) said.set(name, { value: key.preset, where: 'default' });

  const file = await readConfigFile(sources.file);
  if (file !== undefined) for (const [name, value] of fileValues(file, keys)) said.set(name, value);
  for (const [name, value] of Object.entries(sources.mode ?? {})) said.set(name, { value, where: 'mode' });
  for (const [name, value] of environmentValues(sources.environment ?? {}, keys)) said.set(name, value);
  for (const item of sources.set ?? []) {
    const [name, value] = setValue(item, keys);
    said.set(name, value);
  }

  const result = schema.safeParse(nested(said));
  if (!result.success) throw new ConfigError(explain(result.error, said, keys));
  return {
    config: result.data,
    written: new Map([...said].map(([name, { value }]) => [name, value])),
    file: file?.path,
  };
}

interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

async function readConfigFile(path: string | null | undefined): Promise<ConfigFile | undefined> {
  if (path === null) return undefined;
  const name = path ?? DEFAULT_FILE;
  let bytes: Buffer;
  try {
    bytes = await readFile(name);
  } catch (error) {
    if (path === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError(`${name}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (!isUtf8(bytes)) throw new ConfigError(`${name}: is not UTF-8`);
  return { path: name, text: bytes.toString('utf8').replace(/^\ufeff/, '') };
}

function* fileValues(file: ConfigFile, keys: ReadonlyMap<string, ConfigKey>): Iterable<[string, Assignment]> {
  let root: Record<string, unknown>;
  try {
    root = parse(file.text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '');
    throw new ConfigError(`${file.path}:${error.line}: not valid TOML: ${reason}`);
  }
  for (const [path, value] of leaves(root, keys)) {
    const name = path.join('.');
    const where = `${file.path}:${locate(file.text, path)}`;
    if (keys.has(name)) yield [name, { value, where }];
    else if (Object.hasOwn(schema.shape, name))
      throw new ConfigError(`${where}: ${name}: expected a table, got ${JSON.stringify(value)}`);
    else throw new ConfigError(`${where}: ${unknownKey(name, keys)}`);
  }
}

/** Tables are descended into unless the schema has a key of that name. */
function* leaves(
  table: Record<string, unknown>,
  keys: ReadonlyMap<string, ConfigKey>,
  above: readonly string[] = [],
): Iterable<[string[], unknown]> {
  for (const [name, value] of Object.entries(table)) {
    const path = [...above, name];
    const known = keys.has(path.join('.'));
    if (!known && isTable(value) && above.length < 8) yield* leaves(value, keys, path);
    else yield [path, value];
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function* environmentValues(
  environment: Readonly<Record<string, string | undefined>>,
  keys: ReadonlyMap<string, ConfigKey>,
): Iterable<[string, Assignment]> {
  const names = new Map([...keys].map(([name, key]) => [environmentName(key.path), name]));
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('PABAL_') || value === undefined) continue;
    const name = names.get(variable);
    if (name === undefined) throw new ConfigError(`environment variable ${variable}: ${unknownKey(variable, names)}`);
    yield [name, { value: fromText(value, keys.get(name)), where: `environment variable ${variable}` }];
  }
}

function setValue(item: string, keys: ReadonlyMap<string, ConfigKey>): [string, Assignment] {
  const at = item.indexOf('=');
  if (at <= 0)
    throw new ConfigError(`--set ${item}: expected a key and a value, such as --set listen.smtp=127.0.0.1:2525`);
  const name = item.slice(0, at).trim();
  const key = keys.get(name);
  if (key === undefined) throw new ConfigError(`--set ${item}: ${unknownKey(name, keys)}`);
  return [name, { value: fromText(item.slice(at + 1), key), where: `--set ${name}` }];
}

function fromText(text: string, key: ConfigKey | undefined): unknown {
  if (key?.text === true && !text.startsWith('[')) return text;
  try {
    return parse(`value = ${text}`)['value'];
  } catch {
    return text;
  }
}

function nested(said: ReadonlyMap<string, Assignment>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [name, { value }] of said) {
    const path = name.split('.');
    const last = path.pop() ?? '';
    let table = root;
    for (const step of path) table = (table[step] ??= {}) as Record<string, unknown>;
    table[last] = value;
  }
  return root;
}

function explain(
  error: z.ZodError,
  said: ReadonlyMap<string, Assignment>,
  keys: ReadonlyMap<string, ConfigKey>,
): string {
  const path = error.issues[0]?.path.map(String) ?? [];
  while (path.length > 0 && !keys.has(path.join('.'))) path.pop();
  const name = path.join('.');
  const assignment = said.get(name);
  const key = keys.get(name);
  const got = key?.secret === true ? 'something else' : JSON.stringify(assignment?.value);
  return `${assignment?.where}: ${name}: expected ${key?.expects}, got ${got}`;
}

function unknownKey(name: string, known: ReadonlyMap<string, unknown>): string {
  const [nearest] = [...known.keys()].map((key) => ({ key, far: distance(name, key) })).sort((a, b) => a.far - b.far);
  const hint = nearest !== undefined && nearest.far <= 3 ? `did you mean ${nearest.key}?` : 'see docs/configuration.md';
  return `unknown key ${name}, ${hint}`;
}

/** How many letters differ (Levenshtein); names are short. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3) return 4;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
