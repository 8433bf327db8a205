/** `pabal restore --account`: mail of one account from a backup, beside what the account has now. */
import { join, resolve } from 'node:path';
import { localControl } from '../../control/local.ts';
import type { Control } from '../../control/operation.ts';
import { exportList, type ListedMessage } from '../../control/operations/message.ts';
import { MailError } from '../../mail/error.ts';
import { type Cli, type CommonOptions, configOf, withControl } from '../cli.ts';
import type { FileMessage } from '../formats/messages.ts';
import { printJson, visible } from '../print.ts';
import { readMessage } from './export.ts';
import { importAll } from './import.ts';

export interface RestoreMailOptions extends CommonOptions {
  readonly folder?: string;
  /** A Message-ID, with or without its angle brackets. */
  readonly message?: string;
  readonly into?: string;
}

export async function restoreMail(cli: Cli, from: string, address: string, options: RestoreMailOptions): Promise<void> {
  const { config } = await configOf(cli, options);
  // Its own each time: what was removed from an earlier one comes again. With a name given, a run that broke off goes on.
  const into = options.into ?? `Restored ${new Date().toISOString().slice(0, 19).replace('T', ' ')}`;
  const report = await withControl(cli, options, async (control) => {
    const { openBackup } = await import('../../profiles/restore.ts');
    await using backup = localControl(await openBackup(from, config, join(resolve(config.data), 'run')));
    const list = await listed(backup, address, options);
    const unreadable: string[] = [];
    const name = `${from}:${into}`;
    const read = messages(backup, address, list, unreadable);
    const source = { total: list.length, done: () => read.done, messages: () => read.all };
    const { imported, known, refused } = await importAll(cli, control, address, source, { name, below: into });
    return { into, restored: imported, known, missing: [...unreadable, ...refused] };
  });
  if (report.missing.length > 0) cli.exitCode = 1;
  if (options.json) return printJson(cli, report);
  for (const one of report.missing) cli.err(`not restored: ${visible(one)}\n`);
  cli.out(`${report.restored} messages restored to ${visible(into)}`);
  cli.out(report.known > 0 ? `, ${report.known} were there already\n` : '\n');
}

async function listed(backup: Control, address: string, { folder, message }: RestoreMailOptions) {
  const messageId = message === undefined || message.startsWith('<') ? message : `<${message}>`;
  const list: ListedMessage[] = [];
  try {
    await backup.call(exportList, { address, folder, messageId }, { onItem: (one) => void list.push(one) });
  } catch (error) {
    if (error instanceof MailError) throw new MailError(error.code, error.kind, `in the backup, ${error.message}`);
    throw error;
  }
  if (list.length === 0) throw new MailError('message-missing', 'user', 'the backup has no such mail');
  return list;
}

/** One at a time; what cannot be read is told, and does not keep the others away. */
function messages(backup: Control, address: string, list: readonly ListedMessage[], unreadable: string[]) {
  const state = { done: 0, all: read() };
  async function* read(): AsyncGenerator<FileMessage> {
    for (const { id, folder, flags, internalDate } of list) {
      state.done++;
      try {
        const raw = await readMessage(backup, address, id);
        if (raw !== undefined) yield { folder, flags, date: internalDate, raw };
      } catch (error) {
        if (!(error instanceof MailError && error.code === 'damaged')) throw error;
        unreadable.push(`a message in ${folder}: ${error.message}`);
      }
    }
  }
  return state;
}
