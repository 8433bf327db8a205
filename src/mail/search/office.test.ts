/** The text of office documents, and what hostile ones cost. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { docx, zip } from '../../../test/support/documents.ts';
import { officeText } from './office.ts';

const words = (file: Buffer, most = 1 << 20) => officeText(file, most)?.text.trim().split(/\s+/);

test.each([
  ['docx', docx('분기 보고서', 'R&amp;D &#xD68C;&#51032; caf&#233;'), ['분기', '보고서', 'R&D', '회의', 'café']],
  [
    'docx with a word in two runs, a field and a deletion',
    zip({
      'word/document.xml':
        '<w:p><w:r><w:t>quar</w:t></w:r><w:r><w:t>terly</w:t></w:r><w:instrText> HYPERLINK </w:instrText><w:delText>gone</w:delText></w:p>',
      'word/header1.xml': '<w:hdr><w:p><w:r><w:t>머리글</w:t></w:r></w:p></w:hdr>',
    }),
    ['머리글', 'quarterly'],
  ],
  [
    'xlsx',
    zip({
      'xl/sharedStrings.xml': '<sst><si><t>매출</t></si><si><t>Seoul</t></si></sst>',
      'xl/worksheets/sheet1.xml':
        '<row><c t="s"><v>0</v></c><c><v>4711</v></c><c t="inlineStr"><is><t>here</t></is></c><c><f>SUM(A1)</f><v>12</v></c></row>',
    }),
    ['매출', 'Seoul', '4711', 'here', '12'],
  ],
  [
    'pptx',
    zip({
      'ppt/slides/slide10.xml': '<a:p><a:r><a:t>ten</a:t></a:r></a:p>',
      'ppt/slides/slide2.xml': '<a:p><a:r><a:t>two</a:t></a:r></a:p>',
    }),
    ['two', 'ten'],
  ],
  [
    'odt',
    zip({ 'content.xml': '<text:p>a<text:span>b</text:span> <![CDATA[<회의>]]><!-- no --></text:p>' }),
    ['ab', '<회의>'],
  ],
  ['hwpx', zip({ 'Contents/section0.xml': '<hp:p><hp:run><hp:t>한글 문서</hp:t></hp:run></hp:p>' }), ['한글', '문서']],
])('%s', (_, file, expected) => expect(words(file)).toEqual(expected));

test('what is no such document is none', () => {
  expect(officeText(Buffer.from('hello'), 100)).toBeUndefined();
  expect(officeText(zip({ 'readme.txt': 'hello' }), 100)).toBeUndefined();
});

test('a bomb is left out, and what stands beside it is read', () => {
  const bomb = zip({ 'word/document.xml': Buffer.alloc(64 << 20, ' '), 'word/footnotes.xml': '<w:t>found</w:t>' });
  expect(bomb.length).toBeLessThan(100_000);
  expect(officeText(bomb, 1000)).toMatchObject({ text: expect.stringContaining('found'), complete: false });
});

test('deep, unclosed and endless XML costs what it is long', () => {
  const deep = `${'<w:p>'.repeat(500_000)}bottom`;
  expect(words(zip({ 'word/document.xml': deep }))).toEqual(['bottom']);
  expect(words(zip({ 'word/document.xml': `top ${'<!--'.repeat(100_000)}` }))).toEqual(['top']);
  expect(words(zip({ 'word/document.xml': `top ${'<'.repeat(100_000)}` }))).toEqual(['top']);
  expect(officeText(docx('word '.repeat(10_000)), 100)).toMatchObject({ complete: false });
});

test('damaged files are read as far as they go, and never throw', () => {
  const file = docx('분기 보고서', 'second');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { maxLength: 8 }),
      fc.nat(file.length),
      (hits, end) => {
        const broken = Buffer.from(file);
        for (const [at, byte] of hits) broken[at] = byte;
        officeText(broken, 1000);
        officeText(broken.subarray(0, end), 1000);
      },
    ),
    { numRuns: 500 },
  );
});
