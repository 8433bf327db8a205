/** No package of the lock file has a published fault (L8). `test/fixtures/advisories.json` has those that are known; docs/dependencies.md says how it is kept up. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { advised, type Advisory, compareVersions, type Lock } from '../support/advisories.ts';

function read(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
}

const lock = read('../../package-lock.json') as Lock;
const advisories = read('../fixtures/advisories.json') as readonly Advisory[];

test('no package that is used has a published fault', () => {
  expect(advised(lock, advisories)).toEqual([]);
});

test('each advisory is about a package that is used, and each is seen in a lock file that has a faulty version', () => {
  const paths = Object.keys(lock.packages);
  for (const advisory of advisories)
    for (const { package: one, ranges } of advisory.affected) {
      const path = paths.find((it) => it.endsWith(`node_modules/${one.name}`));
      expect(path, `${advisory.id} is about ${one.name}`).toBeDefined();
      for (const { events } of ranges)
        for (const { introduced, fixed, last_affected: last } of events) {
          const faulty = introduced === '0' ? '0.0.0' : (introduced ?? last);
          const version = faulty ?? (fixed as string);
          const found = advised({ packages: { ...lock.packages, [path as string]: { version } } }, [advisory]);
          expect(found.length, `${one.name}@${version}`).toBe(faulty === undefined ? 0 : 1);
        }
    }
});

test('a package is found below another one, and under the name that it was published with', () => {
  const packages = {
    '': { name: 'nodemailer', version: '9.0.0' },
    'node_modules/a/node_modules/nodemailer': { version: '9.0.0' },
    'node_modules/mail': { name: 'nodemailer', version: '9.0.0' },
    'node_modules/not-nodemailer': { version: '9.0.0' },
  };
  const raw = advisories.filter(({ id }) => id === 'GHSA-p6gq-j5cr-w38f');
  expect(advised({ packages }, raw).map((line) => line.replace(/@.*/, ''))).toEqual([
    'node_modules/a/node_modules/nodemailer',
    'node_modules/mail',
  ]);
});

test('versions are ordered as Semantic Versioning says', () => {
  const ordered =
    '0 0.0.0 0.9.9 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.10';
  const versions = ordered.split(' ');
  for (const [i, a] of versions.entries())
    for (const [j, b] of versions.entries())
      expect(Math.sign(compareVersions(a, b)), `${a} and ${b}`).toBe(Math.sign(i - j));
  expect(compareVersions('1.2.3+build', '1.2.3')).toBe(0);
  expect(() => compareVersions('1.2', '1.2.3')).toThrow("'1.2' is no version");
});
