/** Tables as text (RFC 4180), as spreadsheets and address books write them: separated by comma, semicolon or tab. */
import { decodeCharset } from '../charset.ts';

const MOST_CELLS = 300;
const MOST_CELL = 10_000;

/** Rows, the empty ones left out. Cells and rows beyond the limits are cut. Quotes may hold anything, line ends too. */
export function* readCsv(bytes: Buffer): Generator<string[]> {
  const text = decoded(bytes);
  const separator = separatorOf(text);
  let at = 0;
  while (at < text.length) {
    const row: string[] = [];
    let ended = false;
    while (!ended) {
      let cell = '';
      if (text[at] === '"') {
        const from = ++at;
        // A quote in quotes is doubled.
        for (at = text.indexOf('"', at); at >= 0 && text[at + 1] === '"'; at = text.indexOf('"', at + 2));
        if (at < 0) at = text.length;
        cell = text.slice(from, at).replaceAll('""', '"');
        at++;
      }
      const from = at;
      while (at < text.length && text[at] !== separator && text[at] !== '\n') at++;
      cell += text.slice(from, at).replace(/\r$/, '');
      if (row.length < MOST_CELLS) row.push(cell.slice(0, MOST_CELL).trim());
      ended = at >= text.length || text[at] === '\n';
      at++;
    }
    if (row.some((cell) => cell !== '')) yield row;
  }
}

/** Excel's "Unicode text" is UTF-16; what has no mark is UTF-8 or, from older Korean programs, cp949. */
function decoded(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  return decodeCharset(bytes, '');
}

/** The one of which the first line has most. */
function separatorOf(text: string): string {
  const end = text.indexOf('\n');
  const line = text.slice(0, Math.min(end < 0 ? text.length : end, 20_000));
  const count = (separator: string) => line.split(separator).length;
  return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best));
}

export function csvRow(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/** Spreadsheets calculate what begins so, and a note may come from anybody. A telephone number is none of these. */
const FORMULA = /^[=@\t\r]|^[+-](?![\d() .-]*$)/;

function csvCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",;\r\n\t]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** What `csvRow` put before a cell is no part of it. */
export function plainCell(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell;
}
