/** `pabal import`: mail from files into an account. */
import { createHash } from 'node:crypto';
import { open, realpath, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { type Command, Option } from 'commander';
import type { Control } from '../../control/operation.ts';
import * as operations from '../../control/operations/message.ts';
import { MailError } from '../../mail/error.ts';
import { Flag } from '../../mailstore/api.ts';
import { type Cli, type CommonOptions, UsageError, withControl, withJson } from '../cli.ts';
import { emlSource } from '../formats/eml.ts';
import { isMaildir, maildirSource } from '../formats/maildir.ts';
import { mboxSource } from '../formats/mbox.ts';
import type { FileMessage, MessageSource } from '../formats/messages.ts';
import { printJson, Progress, visible } from '../print.ts';

const FORMATS = ['mbox', 'maildir', 'eml'] as const;
type Format = (typeof FORMATS)[number];

interface ImportOptions extends CommonOptions {
  readonly format?: Format;
  readonly folder?: string;
}

export interface ImportReport {
  imported: number;
  /** Were there from an earlier run. */
  known: number;
  readonly refused: string[];
}

/** Messages on their way at once; their order in a folder is kept by waiting for the store, not by waiting for each. */
const WINDOW = 8;

export function importCommand(program: Command, cli: Cli): void {
  withJson(
    program
      .command('import <address> <path>')
      .description('mail from files into an account; run again after an interruption, nothing comes in twice'),
  )
    .addOption(new Option('--format <format>', 'of the files (default: as it looks)').choices([...FORMATS]))
    .option('--folder <name>', 'put everything below this folder (default: INBOX for what has no folder)')
    .action(async (address: string, path: string, options: ImportOptions) => {
      const source = await sourceOf(path, options.format);
      const report = await withControl(cli, options, async (control) =>
        importAll(cli, control, address, source, {
          name: `${hostname()}:${await realpath(path)}:${options.folder ?? ''}`,
          below: options.folder,
        }),
      );
      if (report.refused.length > 0) cli.exitCode = 1;
      if (options.json) return printJson(cli, report);
      for (const one of report.refused) cli.err(`not imported: ${visible(one)}\n`);
      cli.out(`${report.imported} messages imported, ${report.known} were there already\n`);
    });
}

/** Of a Maildir, a folder of messages in files, a message or an mbox file; as it looks, where nothing is `asked`. */
export async function sourceOf(path: string, asked: Format | undefined): Promise<MessageSource> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) throw new UsageError(`there is no ${path}`);
  const format = asked ?? (info.isDirectory() ? ((await isMaildir(path)) ? 'maildir' : 'eml') : await fileFormat(path));
  if (format === 'maildir') return maildirSource(path);
  if (format === 'eml') return emlSource(path);
  if (info.isDirectory()) throw new UsageError(`${path} is a folder: import its mbox files one by one`);
  return mboxSource(path);
}

async function fileFormat(path: string): Promise<Format> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(5), 0, 5, 0);
    return buffer.toString('latin1', 0, bytesRead) === 'From ' || bytesRead === 0 ? 'mbox' : 'eml';
  } finally {
    await file.close();
  }
}

/** `name` is what the source is known by when it is imported again; everything comes `below` that folder. */
export async function importAll(
  cli: Cli,
  control: Control,
  address: string,
  source: MessageSource,
  { name, below }: { readonly name: string; readonly below: string | undefined },
): Promise<ImportReport> {
  const { day } = await control.call(operations.importBegin, { address, source: name });
  const report: ImportReport = { imported: 0, known: 0, refused: [] };
  const copies = new Map<string, number>();
  const running = new Set<Promise<void>>();
  let number = 0;
  using progress = new Progress(cli, 'import');
  for await (const message of source.messages()) {
    number++;
    const folder = folderOf(message, below);
    const copy = countCopy(copies, folder, message.raw);
    const task = importOne(control, address, day, copy, folder, message, number, report).finally(() =>
      running.delete(task),
    );
    running.add(task);
    if (running.size >= WINDOW) await Promise.race(running);
    progress.show(source.done(), source.total);
  }
  await Promise.all(running);
  return report;
}

async function importOne(
  control: Control,
  address: string,
  day: number,
  copy: number,
  folder: string,
  { flags, date, raw }: FileMessage,
  number: number,
  report: ImportReport,
): Promise<void> {
  const system = new Map<string, number>(Object.entries(Flag).map(([name, bit]) => [`\\${name}`, bit]));
  const args = {
    address,
    folder,
    day,
    copy,
    flags: flags.reduce((all, flag) => all | (system.get(flag) ?? 0), 0),
    keywords: flags.filter((flag) => !flag.startsWith('\\')),
    ...(date !== undefined && { internalDate: date }),
  };
  try {
    const { duplicate } = await control.call(operations.importMessage, args, { body: raw });
    if (duplicate) report.known++;
    else report.imported++;
  } catch (error) {
    // One bad message does not end an import; a missing account or a full store does.
    if (!(error instanceof MailError && ['syntax', 'too-large', 'folder-name'].includes(error.code))) throw error;
    report.refused.push(`message ${number}: ${error.message}`);
  }
}

function folderOf({ folder }: FileMessage, below: string | undefined): string {
  if (below === undefined) return folder ?? 'INBOX';
  return folder === undefined || folder === 'INBOX' ? below : `${below}/${folder}`;
}

/** How many equal messages of the same folder came before: copies are kept apart, repeated runs are not. */
function countCopy(copies: Map<string, number>, folder: string, raw: Uint8Array): number {
  const key = createHash('sha256').update(`${folder}\0`).update(raw).digest('base64');
  const copy = copies.get(key) ?? 0;
  copies.set(key, copy + 1);
  return copy;
}
