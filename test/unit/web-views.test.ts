/** No page and no dialog of the web client is left out where views are judged. */
import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ELSEWHERE, SERVICE_PAGES, SETTINGS_PAGES, VIEWS } from '../support/web-views.ts';

const web = new URL('../../web/src/', import.meta.url).pathname;

/** The names in `PAGES` of a view. */
function pagesOf(file: string): string[] {
  const table = /const PAGES[^=]*=[^{]*\{([^}]*)\}/.exec(readFileSync(web + file, 'utf8'))?.[1] ?? '';
  return [...table.matchAll(/^ {2}(\w+):/gm)].map(([, name = '']) => name);
}

test('every page is in the list of views', () => {
  expect(pagesOf('settings/settings-view.tsx')).toEqual(SETTINGS_PAGES);
  expect(pagesOf('service/service-view.tsx')).toEqual(SERVICE_PAGES);
  const route = readFileSync(`${web}route.ts`, 'utf8');
  const letters = [...(/const LETTERS = \{([^}]*)\}/.exec(route)?.[1] ?? '').matchAll(/'(\w)'/g)].map(([, one]) => one);
  expect(letters.length).toBeGreaterThanOrEqual(5);
  for (const letter of letters)
    expect(
      VIEWS.some(({ hash }) => hash.startsWith(`#/${letter}/`)),
      letter,
    ).toBe(true);
});

test('every dialog is open in one of the views, or in a test that looks at it', () => {
  const files = globSync('**/*.tsx', { cwd: web }).filter(
    (file) => file !== 'ui/dialog.tsx' && readFileSync(web + file, 'utf8').includes('<Dialog'),
  );
  const listed = [...VIEWS.flatMap(({ dialogs = [] }) => dialogs), ...Object.keys(ELSEWHERE)];
  expect(listed.sort()).toEqual(files.sort());
  for (const test of new Set(Object.values(ELSEWHERE)))
    expect(readFileSync(new URL(`../system/${test}`, import.meta.url), 'utf8')).toMatch(/accessible\(|axe\.run\(/);
});
