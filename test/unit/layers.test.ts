/** Imports point down, and what is imported is there: ARCHITECTURE.md as a test. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url).pathname;

/** What each part of `src/` may import beside itself, as ARCHITECTURE.md says. A protocol may not import another one. */
const MAY_IMPORT = new Map(
  readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| (?!---|part of src)/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, part = '', , allowed = '']) => [part, allowed.split(', ')] as const),
);

interface Import {
  readonly file: string;
  /** Part of `src/` in which the file is. */
  readonly from: string;
  /** Relative path below the project, or the name of a package. */
  readonly target: string;
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

const isTest = (file: string): boolean => /\.(test|contract)\.ts$/.test(file);

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const found = text.matchAll(
    /^\s*(?:import|export)\s[^'";]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm,
  );
  return [...found].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? '';
    return { file, from: partOf(file), target: name.startsWith('.') ? normalize(join(dirname(file), name)) : name };
  });
}

/** `src/protocols/imap/session.ts` is in `protocols/imap`. */
function partOf(file: string): string {
  const [, part = '', inner = ''] = file.split('/');
  return part === 'protocols' ? `protocols/${inner}` : part;
}

const code = sources('src').filter((file) => !isTest(file));
const imports = code.flatMap(importsOf);

describe('layers', () => {
  test('imports point down', () => {
    const wrong = imports.filter(({ from, target }) => {
      if (!target.startsWith('src/')) return false;
      const to = partOf(target);
      if (to === from) return false;
      const allowed =
        MAY_IMPORT.get(from) ?? (from.startsWith('protocols/') ? MAY_IMPORT.get('protocols/*') : undefined);
      return allowed === undefined || !(allowed.includes('*') || allowed.includes(to));
    });
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
    expect(imports.length).toBeGreaterThan(500);
  });

  test('ARCHITECTURE.md names every part, and none that is not there', () => {
    const parts = new Set(code.map((file) => partOf(file).replace(/^protocols\/.*/, 'protocols/*')));
    expect(new Set(MAY_IMPORT.keys())).toEqual(parts);
  });

  test('adapters are named by compositions and tests only', () => {
    const naming = imports.filter(({ from, target }) => target.startsWith('src/adapters/') && from !== 'adapters');
    expect([...new Set(naming.map(({ from }) => from))]).toEqual(['profiles']);
  });

  test('mail/ imports nothing but itself, and what Node and its packages give', () => {
    const outside = imports.filter(({ from, target }) => from === 'mail' && /^(\.\.|src\/(?!mail\/))/.test(target));
    expect(outside).toEqual([]);
  });

  test('nothing in src/ imports tests, the lab or the bench', () => {
    expect(imports.filter(({ target }) => /^(\.\.\/)?(test|bench)\//.test(target))).toEqual([]);
  });

  test('signals are handled at the entry only', () => {
    const handlers = code.filter((file) =>
      /process\.(on|once)\(\s*('SIG|signal)/.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(handlers).toEqual(['src/main.ts']);
  });
});

describe('dependencies', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const listed = (key: string): string[] => Object.keys(manifest[key] ?? {});
  const packageName = (target: string): string =>
    target
      .split('/')
      .slice(0, target.startsWith('@') ? 2 : 1)
      .join('/');
  const packages = (some: readonly Import[]): Set<string> =>
    new Set(
      some
        .map(({ target }) => target)
        .filter((target) => !/^(src|test|bench|\.\.?)\//.test(target) && !/^(node:|package\.json)/.test(target))
        .map(packageName)
        .filter((name) => !builtinModules.includes(name)),
    );

  test('the service imports what it depends on, no more and no less', () => {
    const used = packages(imports);
    expect([...used].filter((name) => !listed('dependencies').includes(name))).toEqual([]);
    expect(listed('dependencies').filter((name) => !used.has(name))).toEqual([]);
  });

  test('each has an exact version and a row that says what for', () => {
    const text = readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8');
    const rows = text.split('\n').filter((line) => line.startsWith('| ') && !/^\| (---|package)/.test(line));
    const named = new Set(rows.flatMap((row) => (row.split('|')[1] ?? '').split(',').map((name) => name.trim())));
    const all = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap(listed);
    expect(all.filter((name) => !named.has(name))).toEqual([]);
    expect([...named].filter((name) => !all.includes(name))).toEqual([]);
    const loose = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'].flatMap((key) =>
      Object.values(manifest[key] ?? {}).filter((version) => !/^\d+\.\d+\.\d+$/.test(version)),
    );
    expect(loose).toEqual([]);
  });
});
