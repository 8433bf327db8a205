/** Every package in the lock file may be used as we use it: permissive, or MPL-2.0 in what only builds and tests. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
]);

interface Locked {
  readonly license?: string;
  readonly dev?: boolean;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

/** One of several that may be chosen is enough. */
function mayBeUsed({ license = '', dev = false }: Locked): boolean {
  const choices = license.replaceAll(/[()]/g, '').split(' OR ');
  return choices.some((one) => PERMISSIVE.has(one) || (dev && one === 'MPL-2.0'));
}

test('the licences of all packages are ones that the project can live with', () => {
  expect(packages.length).toBeGreaterThan(300);
  expect(packages.filter(([, one]) => !mayBeUsed(one)).map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
});

test('each is taken by its digest', () => {
  expect(packages.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([]);
});
