import { expect, test } from 'vitest';
import { html } from './html.ts';

test('whatever is put into a page is text', () => {
  const hostile = `"><script>alert('x')</script>&amp;`;
  const escaped = '&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;';
  expect(String(html`<p title="${hostile}">${hostile}${[hostile, 1]}</p>`)).toBe(
    `<p title="${escaped}">${escaped}${escaped}1</p>`,
  );
  expect(String(html`<ul>${[html`<li>a</li>`, html`<li>${'<'}</li>`]}</ul>`)).toBe('<ul><li>a</li><li>&lt;</li></ul>');
});
