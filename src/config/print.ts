/** The effective configuration as a file, and the reference of all keys. */
import { stringify } from 'smol-toml';
import { type ConfigKey, environmentName, keysOf, sectionsOf } from './keys.ts';
import { schema } from './schema.ts';

/** `written` by dotted key, without the values of secrets; null stands for one that is set. */
export function withoutSecrets(written: ReadonlyMap<string, unknown>): Map<string, unknown> {
  const secret = new Set(
    keysOf(schema)
      .filter((key) => key.secret)
      .map((key) => key.path.join('.')),
  );
  return new Map([...written].map(([name, value]) => [name, secret.has(name) && value !== '' ? null : value]));
}

export function printConfig(written: ReadonlyMap<string, unknown>): string {
  const shown = withoutSecrets(written);
  const lines: string[] = [];
  let section = '';
  for (const key of keysOf(schema)) {
    const [table, name] = key.path.length === 1 ? ['', key.path[0]] : [key.path[0] ?? '', key.path.slice(1).join('.')];
    if (table !== section) lines.push('', `[${table}]`);
    section = table;
    const value = shown.get(key.path.join('.'));
    lines.push(value === null ? `# ${name} is set, and not shown` : `${name} = ${toml(value)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** `docs/configuration.md`. */
export function configReference(): string {
  const keys = keysOf(schema);
  const table = (some: readonly ConfigKey[]) => [
    '| key | default | expected | meaning |',
    '| --- | --- | --- | --- |',
    ...some.map(
      (key) => `| \`${key.path.join('.')}\` | \`${toml(key.preset)}\` | ${cell(key.expects)} | ${cell(key.about)} |`,
    ),
    '',
  ];
  const first = keys.find((key) => key.path.length > 1);
  return [
    '# Configuration',
    '',
    '<!-- Made from src/config/schema.ts by `npm run docs`; a test compares. -->',
    '',
    'One file, `pabal.toml`, in the working folder or named by `--config`. It may be missing: every key has a default. A key can also be',
    `set with \`--set ${first?.path.join('.')}=...\` or in the environment as \`${environmentName(first?.path ?? [])}=...\`; the command line`,
    'goes before the environment, and that before the file. An unknown key or a value of the wrong kind stops the start.',
    '`pabal config` prints the effective configuration without secrets.',
    '',
    ...table(keys.filter((key) => key.path.length === 1)),
    ...sectionsOf(schema).flatMap(({ name, about }) => [
      `## [${name}]`,
      '',
      about,
      '',
      ...table(keys.filter((key) => key.path.length > 1 && key.path[0] === name)),
    ]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function toml(value: unknown): string {
  // A table in one line.
  if (value !== null && typeof value === 'object' && !Array.isArray(value))
    return `{${Object.entries(value)
      .map(([key, inner]) => `${JSON.stringify(key)} = ${toml(inner)}`)
      .join(', ')}}`;
  return stringify({ v: value }).replace(/^v = /, '').trim();
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
