import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOGO_BYTES, logoFault } from './svg-logo.ts';

const ROOT = '<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 9 9">';
const logo = (inner: string, root = ROOT): string =>
  `<?xml version="1.0"?>\n<!-- <script> -->\n${root}${inner}</svg>\n`;
const FINE =
  '<title>파발</title><defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><path fill="url(#a)" d="M0 0"/><use xlink:href="#a"/>';

test('a picture that nothing runs in and that fetches nothing', () => {
  expect(logoFault(logo(FINE))).toBeUndefined();
  expect(logoFault(logo("<title>a &gt; b</title><g fill='x>y'><rect/></g>"))).toBeUndefined();
});

test.each([
  ['', 'no XML'],
  [logo('<rect/>'), 'needs a title'],
  [logo(`<title>${'x'.repeat(65)}</title>`), 'needs a title'],
  [logo('<g><title>inside</title></g>'), 'needs a title'],
  [logo(FINE, '<svg xmlns="http://www.w3.org/2000/svg" version="1.1" baseProfile="tiny-ps">'), 'no version="1.2"'],
  [logo(FINE, ROOT.replace('tiny-ps', 'tiny')), 'no baseProfile="tiny-ps"'],
  [logo(FINE, ROOT.replace('viewBox', 'x="0" viewBox')), 'the attribute x'],
  ['<html></html>', 'its root is <html>'],
  [logo(`${FINE}<script>1</script>`), 'an element <script>'],
  [logo(`${FINE}<svg:Script>1</svg:Script>`), 'an element <svg:Script>'],
  [logo(`${FINE}<image/>`), 'an element <image>'],
  [logo(`${FINE}<rect onclick="x"/>`), 'an attribute onclick'],
  [logo(`${FINE}<use xlink:href="https://elsewhere.test/x#a"/>`), 'it refers to https://elsewhere.test'],
  [logo(`${FINE}<rect fill="url(https://elsewhere.test)"/>`), 'it refers to url('],
  [logo(`${FINE}<rect fill="url(#a) url( 'https://elsewhere.test')"/>`), 'it refers to url('],
  [`<!DOCTYPE svg [<!ENTITY a "b">]>${logo(FINE)}`, 'a document type'],
  [logo(`${FINE}<g>`), 'ends nothing'],
  [`${logo(FINE)}<svg/>`, 'more than one root'],
  [logo(`${FINE}${'<g>'.repeat(100)}`), 'deep'],
  [logo(`${FINE}<rect a="1" a="2"/>`), 'cannot be read'],
  [logo(FINE).slice(0, -9), 'no XML'],
  [logo(FINE + ' '.repeat(LOGO_BYTES)), 'more than 32 KB'],
])('anything else is named: %#', (svg, fault) => {
  expect(logoFault(svg)).toContain(fault);
});

test('whatever it is, it is looked at in one go', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          '<',
          '>',
          '/',
          '!--',
          '--',
          '"',
          "'",
          '=',
          'svg',
          ' a',
          '<g>',
          '</g>',
          ROOT,
          '<title>x</title>',
          '</svg>',
          '?',
          '[CDATA[',
          'url(',
          '#',
        ),
        { maxLength: 60 },
      ),
      (pieces) => void logoFault(pieces.join('')),
    ),
    { numRuns: 2_000 },
  );
  for (const piece of ['<', '<g>', '<g ', '<!--', 'a="', "url('", '<g a="b" '])
    expect(logoFault(ROOT + piece.repeat(LOGO_BYTES / 8 / piece.length))).toBeDefined();
});
