/** How commands show what they have. */
import Table from 'cli-table3';
import type { Cli } from './cli.ts';

const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}; // prettier-ignore

export function printTable(cli: Cli, head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const table = new Table({
    head: [...head],
    chars: PLAIN,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push(row.map((cell) => visible(String(cell))));
  cli.out(`${table.toString().replaceAll(/[ \t]+$/gm, '')}\n`);
}

export function printJson(cli: Cli, value: unknown): void {
  cli.out(`${JSON.stringify(value, null, 2)}\n`);
}

/** Outside text must not steer the terminal. */
export function visible(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').slice(0, 19);
}

/** One line that is drawn again and again, on a terminal only. */
export class Progress implements Disposable {
  readonly #cli: Cli;
  readonly #what: string;
  #drawn = 0;

  constructor(cli: Cli, what: string) {
    this.#cli = cli;
    this.#what = what;
  }

  /** `of` is 0 while the whole is unknown. */
  show(done: number, of: number): void {
    const now = performance.now();
    if (!this.#cli.interactive || (now - this.#drawn < 100 && done !== of)) return;
    this.#drawn = now;
    const width = 24;
    const filled = of === 0 ? 0 : Math.round((width * Math.min(done, of)) / of);
    const bar =
      of === 0 ? '' : ` [${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${Math.floor((100 * done) / of)}%`;
    this.#cli.err(`\r${this.#what}${bar} ${done}${of === 0 ? '' : `/${of}`}\u001b[K`);
  }

  [Symbol.dispose](): void {
    if (this.#drawn > 0) this.#cli.err('\r\u001b[K');
  }
}
