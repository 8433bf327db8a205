/** `pabal export`: mail of an account into files. */
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Command, Option } from 'commander';
import type { Control } from '../../control/operation.ts';
import * as operations from '../../control/operations/message.ts';
import { mboxEntry } from '../../mail/mbox.ts';
import { type Cli, type CommonOptions, withControl, withJson } from '../cli.ts';
import { folderPath, writeEml } from '../formats/eml.ts';
import { writeToMaildir } from '../formats/maildir.ts';
import type { FileMessage } from '../formats/messages.ts';
import { printJson, Progress } from '../print.ts';

const FORMATS = ['mbox', 'maildir', 'eml'] as const;

interface ExportOptions extends CommonOptions {
  readonly format: (typeof FORMATS)[number];
  readonly folder?: string;
}

export function exportCommand(program: Command, cli: Cli): void {
  withJson(
    program
      .command('export <address> <path>')
      .description('mail of an account into a folder of files; run again after an interruption, it goes on'),
  )
    .addOption(new Option('--format <format>', 'of the files').choices([...FORMATS]).default('mbox'))
    .option('--folder <name>', 'only this folder')
    .action(async (address: string, path: string, options: ExportOptions) => {
      const messages = await withControl(cli, options, (control) => exportAll(cli, control, address, path, options));
      if (options.json) return printJson(cli, { messages });
      cli.out(`${messages} messages exported to ${path}\n`);
    });
}

async function exportAll(
  cli: Cli,
  control: Control,
  address: string,
  root: string,
  { format, folder }: ExportOptions,
): Promise<number> {
  const list: operations.ListedMessage[] = [];
  await control.call(operations.exportList, { address, folder }, { onItem: (one) => void list.push(one) });
  await mkdir(root, { recursive: true, mode: 0o700 });
  using progress = new Progress(cli, 'export');
  const mboxes = new MboxFiles(root);
  let done = 0;
  let written = 0;
  try {
    for (const one of list) {
      const raw = await readMessage(control, address, one.id);
      progress.show(++done, list.length);
      // Removed while we read the others.
      if (raw === undefined) continue;
      const message: FileMessage = { folder: one.folder, flags: one.flags, date: one.internalDate, raw };
      const name = String(one.id).padStart(10, '0');
      if (format === 'mbox') await mboxes.add(message);
      else if (format === 'maildir')
        await writeToMaildir(root, `${Math.floor(one.internalDate / 1000)}.M${name}.pabal`, message);
      else await writeEml(root, name, message);
      written++;
    }
    await mboxes.finish();
  } finally {
    await mboxes.close();
  }
  return written;
}

/** Undefined when it is gone by now. */
export async function readMessage(control: Control, address: string, id: number): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  const { found } = await control.call(
    operations.exportMessage,
    { address, id },
    { onItem: (text) => void pieces.push(Buffer.from(text, 'base64')) },
  );
  return found ? Buffer.concat(pieces) : undefined;
}

/** One file a folder; it has its name only when it is whole. */
class MboxFiles {
  readonly #root: string;
  #current: { path: string; file: Awaited<ReturnType<typeof open>> } | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  async add(message: FileMessage): Promise<void> {
    const path = `${folderPath(this.#root, message.folder ?? 'INBOX')}.mbox`;
    // The list is in order of folders.
    if (this.#current?.path !== path) {
      await this.finish();
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      this.#current = { path, file: await open(`${path}.part`, 'w', 0o600) };
    }
    await this.#current.file.writeFile(mboxEntry(message));
  }

  async finish(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    await current.file.sync();
    await this.close();
    await rename(`${current.path}.part`, current.path);
  }

  async close(): Promise<void> {
    await this.#current?.file.close();
    this.#current = undefined;
  }
}
