/**
 * The text of office documents: Office Open XML (ECMA-376: docx, xlsx, pptx), OpenDocument (ISO/IEC 26300: odt, ods, odp) and
 * OWPML (KS X 6101: hwpx). All are zip files of XML. One pass without a tree and without entities of its own: whatever the
 * XML is, it costs what it is long.
 */
import { zipContent, zipEntries } from '../zip.ts';

/** Entries that are looked at, and bytes that they may have unpacked, together. */
const MOST_ENTRIES = 4000;
const MOST_UNPACKED = 32 << 20;

/** Entries with text that a reader sees. */
const TEXT_ENTRY =
  /^(?:word\/(?:document|header\d{0,4}|footer\d{0,4}|footnotes|endnotes|comments)\.xml|xl\/(?:sharedStrings|worksheets\/sheet\d{1,4}|comments\d{0,4})\.xml|ppt\/(?:slides\/slide|notesSlides\/notesSlide)\d{1,4}\.xml|content\.xml|Contents\/section\d{1,4}\.xml)$/;
/** Their content is no text: codes of fields, formulas, what was deleted and is still noted. */
const SKIPPED = new Set(['instrText', 'delText', 'f', 'formula', 'script', 'tracked-changes']);
/** They stand within a word. */
const INLINE = new Set([
  'r',
  't',
  'rPr',
  'span',
  'rFonts',
  'b',
  'i',
  'u',
  'lang',
  'color',
  'sz',
  'a',
  'run',
  'noProof',
]);

export interface DocumentText {
  readonly text: string;
  /** Nothing was left out. */
  readonly complete: boolean;
}

/** At most `most` characters; undefined for what is no such document. Never throws. */
export function officeText(file: Buffer, most: number): DocumentText | undefined {
  const entries = zipEntries(file, MOST_ENTRIES)?.filter(({ name }) => TEXT_ENTRY.test(name));
  if (!entries || entries.length === 0) return undefined;
  // 2 before 10.
  entries.sort((a, b) => a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  let text = '';
  let left = MOST_UNPACKED;
  let complete = true;
  for (const entry of entries) {
    const content = zipContent(file, entry, left);
    if (!content) {
      complete = false;
      continue;
    }
    left -= content.length;
    const found = xmlText(decoded(content), most - text.length, entry.name.startsWith('xl/worksheets/'));
    text += `${found.text}\n`;
    complete &&= found.complete;
    if (text.length >= most) return { text: text.slice(0, most), complete: false };
  }
  return { text, complete };
}

function decoded(content: Buffer): string {
  if (content[0] === 0xff && content[1] === 0xfe) return content.toString('utf16le', 2);
  return content.toString('utf8');
}

/** Character data, a blank between elements that are no part of a word. Of a sheet, not the numbers of shared strings. */
function xmlText(xml: string, most: number, isSheet: boolean): DocumentText {
  const out: string[] = [];
  let length = 0;
  let skipping = '';
  let shared = false;
  for (let at = 0; at < xml.length; ) {
    if (length >= most) return { text: out.join('').slice(0, most), complete: false };
    const open = xml.indexOf('<', at);
    const end = open < 0 ? xml.length : open;
    if (end > at && skipping === '') {
      const text = xml.slice(at, Math.min(end, at + most));
      const shown = text.includes('&') ? withoutReferences(text) : text;
      out.push(shown);
      length += shown.length;
    }
    if (open < 0) break;
    if (xml.startsWith('<!--', open)) {
      at = behind(xml, '-->', open + 4);
      continue;
    }
    if (xml.startsWith('<![CDATA[', open)) {
      const close = xml.indexOf(']]>', open);
      const text = xml.slice(open + 9, close < 0 ? xml.length : close);
      if (skipping === '') out.push(text);
      length += text.length;
      at = close < 0 ? xml.length : close + 3;
      continue;
    }
    const close = xml.indexOf('>', open);
    if (close < 0) break;
    at = close + 1;
    const isEnd = xml[open + 1] === '/';
    const name = localName(xml, isEnd ? open + 2 : open + 1, close);
    const isEmpty = xml[close - 1] === '/';
    if (skipping !== '') {
      if (isEnd && name === skipping) skipping = '';
      continue;
    }
    if (!isEnd && !isEmpty && (SKIPPED.has(name) || (isSheet && shared && name === 'v'))) skipping = name;
    else if (isSheet && !isEnd && name === 'c') shared = xml.slice(open, Math.min(close, open + 300)).includes('t="s"');
    if (INLINE.has(name)) continue;
    out.push(' ');
    length++;
  }
  return { text: out.join(''), complete: true };
}

function behind(xml: string, what: string, from: number): number {
  const at = xml.indexOf(what, from);
  return at < 0 ? xml.length : at + what.length;
}

const NAME_END = /[\s/>]/;
const MOST_NAME = 100;

function localName(xml: string, start: number, end: number): string {
  const whole = xml.slice(start, Math.min(end, start + MOST_NAME));
  const stop = whole.search(NAME_END);
  const name = stop < 0 ? whole : whole.slice(0, stop);
  return name.slice(name.indexOf(':') + 1);
}

const NAMED = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

function withoutReferences(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|(\w{2,4}));/g, (all, decimal, hex, name) => {
    if (name !== undefined) return NAMED.get(name as string) ?? all;
    const code = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
  });
}
