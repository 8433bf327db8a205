/** The figures of the case `burden` as a picture: a bar for each way of sending, one chart for what is carried and one for what is stored. */
import type { Burden } from '../test/support/burden.ts';
import type { BurdenFigures } from './cases/burden.ts';

const WIDTH = 760;
const BAR = 26;
const GAP = 10;
const LEFT = 190;
const LABEL = 110;
const HEAD = 34;
const FONT = 'font-family="system-ui, sans-serif" font-size="13"';

export function burdenChart({ recipients, bytes, whole, downmail }: BurdenFigures): string {
  const ways: readonly (readonly [name: string, Burden])[] = [
    ['sent whole', whole],
    ...downmail.map((one) => [`Downmail, ${one.pickUp} % fetched`, one] as const),
  ];
  const charts: readonly (readonly [title: string, of: (one: Burden) => number])[] = [
    ['Carried to the receiving side', ({ carried }) => carried],
    ['Stored at the receiving side', ({ received }) => received],
    ['Kept at the sender for those who have not fetched', ({ kept }) => kept],
  ];
  const most = Math.max(...ways.flatMap(([, one]) => charts.map(([, of]) => of(one))));
  const each = HEAD + ways.length * (BAR + GAP) + GAP;
  const drawn = charts.map(([title, of], i) => {
    const top = i * each + 40;
    const bars = ways.map(([name, one], n) => {
      const y = top + HEAD + n * (BAR + GAP);
      const width = Math.max(1, Math.round(((WIDTH - LEFT - LABEL) * of(one)) / most));
      const fill = n === 0 ? '#8a8f98' : '#2f6f4f';
      const middle = y + BAR / 2 + 5;
      return [
        `<text x="${LEFT - 10}" y="${middle}" text-anchor="end" ${FONT}>${name}</text>`,
        `<rect x="${LEFT}" y="${y}" width="${width}" height="${BAR}" fill="${fill}"/>`,
        `<text x="${LEFT + width + 8}" y="${middle}" ${FONT}>${inWords(of(one))}</text>`,
      ].join('\n');
    });
    return `<text x="10" y="${top + 18}" font-weight="bold" ${FONT}>${title}</text>\n${bars.join('\n')}`;
  });
  const height = charts.length * each + 50;
  const title = `One mail of ${inWords(bytes)} to ${recipients.toLocaleString('en')} recipients`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${title}</title>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="10" y="26" font-family="system-ui, sans-serif" font-size="16" font-weight="bold">${title}</text>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

function inWords(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
