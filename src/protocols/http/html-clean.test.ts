/** What cleaning leaves of the markup of strangers. That a browser does nothing with it either is G16. */
import { describe, expect, test } from 'vitest';
import { cleanHtml } from './html-clean.ts';

/** Both forms: as the API gives it to programs, and as a page of its own with images. */
const both = (given: string): string =>
  cleanHtml(given).html + cleanHtml(given, { page: true, remoteImages: true }).html;

describe('scripts (W1)', () => {
  test.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<svg onload=alert(1)><script>alert(1)</script></svg>',
    '<details open ontoggle=alert(1)>x</details>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<a href="https://x.test/" onclick="alert(1)">x</a>',
    '<object data="data:text/html,alert(1)"></object><embed src="javascript:alert(1)">',
  ])('%s', (given) => expect(both(given)).not.toMatch(/alert|script|svg|iframe|object|embed|on\w+=/i));
});

describe('markup that becomes something else when it is read again (W2)', () => {
  test.each([
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>"></svg>',
    '<template><img src=x onerror=alert(1)></template>',
    '<form><div></form><form><input name=a onfocus=alert(1)>',
    '<svg><foreignObject><img src=x onerror=alert(1)></foreignObject></svg>',
    `${'<div>'.repeat(600)}<img src=x onerror=alert(1)>${'</div>'.repeat(600)}`,
  ])('%#', (given) => {
    const once = cleanHtml(given, { page: true, remoteImages: true }).html;
    expect(once).not.toMatch(/<[^>]*\son\w+=|<(?:script|svg|math|style|template|noscript|form|input)/i);
    expect(cleanHtml(once, { page: true, remoteImages: true }).html).toBe(once);
  });
});

describe('styles (W7)', () => {
  test.each([
    'position:fixed;top:0;left:0',
    'background:url(https://x.test/a)',
    'background:url(https://x.test/a',
    'color:var(--token)',
    'width:expression(alert(1))',
    'background-image:image-set("https://x.test/a" 1x)',
    'z-index:9999;animation:x 1s infinite',
    'color:\\75rl(https://x.test/a)',
  ])('%s', (style) => {
    const { html } = cleanHtml(`<p style='${style}'>x</p>`, { page: true, remoteImages: true });
    expect(html).not.toMatch(/url|x\.test|fixed|var\(|expression|image-set|z-index|animation|\\/);
  });

  test('sheets are gone, colours and sizes stay', () => {
    expect(both('<style>:root{color:red}</style><link rel=stylesheet href=https://x.test/>')).toBe('');
    const kept = '<p style="color:#b3402c;padding:4px">x</p>';
    expect(cleanHtml(kept, { page: true }).html).toBe(kept);
  });
});

describe('links (W8)', () => {
  test.each([
    'javascript:x',
    'java\tscript:x',
    ' javascript:x',
    'vbscript:x',
    'data:text/html,x',
    '//x.test/',
    '/v1/session',
    'file:///x',
    'https:\\\\x.test\\y',
    'https:x.test',
  ])('%s leads nowhere', (href) => expect(both(`<a href="${href}">x</a>`)).not.toContain('href'));

  test('those to the web open without telling where from', () => {
    expect(cleanHtml('<a href="https://x.test/" target="_top" rel="opener">x</a>').html).toBe(
      '<a href="https://x.test/" rel="noopener noreferrer nofollow" target="_blank">x</a>',
    );
    expect(both('<base href="https://x.test/"><meta http-equiv=refresh content="0;url=https://x.test/">')).toBe('');
    expect(both('<form action="https://x.test/"><button formaction="https://x.test/">x</button></form>')).toBe('xx');
  });
});
