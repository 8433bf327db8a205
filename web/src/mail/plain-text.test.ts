import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { PlainText } from './plain-text.tsx';

const shown = (text: string): string => renderToStaticMarkup(createElement(PlainText, { text }));

test('links of a text are those to the web, and nothing in them gets out of its attribute (W3)', () => {
  const text = [
    `http://x.test/?"onmouseover="alert(1)`,
    `http://x.test/'onclick='alert(1)`,
    'javascript:alert(1) mailto:a@x.test?subject=<script>',
    '[1]: http://x.test/"><script>alert(1)</script>',
    '<a href="http://x.test/" onclick=alert(1)>http://x.test/<b>',
  ].join('\n');
  const markup = shown(text);
  expect(
    [...markup.matchAll(/<(?!\/)([a-z]+)/g)].map(([, name]) => name).filter((name) => name !== 'div' && name !== 'a'),
  ).toEqual([]);
  const tags = markup.match(/<a [^>]*>/g) ?? [];
  expect(tags.length).toBeGreaterThanOrEqual(4);
  for (const tag of tags)
    expect(tag).toMatch(/^<a href="https?:\/\/[^"<>]*" target="_blank" rel="[^"<>]*noopener[^"<>]*">$/);
});
