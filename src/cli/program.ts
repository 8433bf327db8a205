/** The command line: `pabal <command>`. */
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/load.ts';
import { MailError } from '../mail/error.ts';
import { StartError } from '../profiles/start-error.ts';
import { VERSION } from '../version.ts';
import { type Cli, UsageError } from './cli.ts';
import { account } from './commands/account.ts';
import { backup } from './commands/backup.ts';
import { cluster } from './commands/cluster.ts';
import { config } from './commands/config.ts';
import { deliverability } from './commands/deliverability.ts';
import { doctor } from './commands/doctor.ts';
import { domain } from './commands/domain.ts';
import { downmail } from './commands/downmail.ts';
import { exportCommand } from './commands/export.ts';
import { hold } from './commands/hold.ts';
import { importCommand } from './commands/import.ts';
import { intake } from './commands/intake.ts';
import { migrate } from './commands/migrate.ts';
import { module } from './commands/module.ts';
import { oauth } from './commands/oauth.ts';
import { quarantine } from './commands/quarantine.ts';
import { queue } from './commands/queue.ts';
import { reports } from './commands/reports.ts';
import { audit } from './commands/audit.ts';
import { reject } from './commands/reject.ts';
import { restore } from './commands/restore.ts';
import { search } from './commands/search.ts';
import { serve } from './commands/serve.ts';
import { suppression } from './commands/suppression.ts';
import { tls } from './commands/tls.ts';
import { verify } from './commands/verify.ts';

const COMMANDS = [
  serve,
  domain,
  account,
  oauth,
  intake,
  module,
  queue,
  quarantine,
  audit,
  hold,
  reject,
  suppression,
  downmail,
  deliverability,
  reports,
  tls,
  importCommand,
  exportCommand,
  backup,
  restore,
  migrate,
  verify,
  search,
  cluster,
  doctor,
  config,
];

export function program(cli: Cli): Command {
  const root = new Command('pabal')
    .description('Pabal, an e-mail service')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: cli.out, writeErr: cli.err })
    .showHelpAfterError('(--help says more)');
  for (const add of COMMANDS) add(root, cli);
  return root;
}

/** The exit code: 0 done, 1 failed, 2 wrong usage. */
export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  try {
    await program(cli).parseAsync([...args], { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof UsageError) return failed(cli, error.message, 2);
    if (error instanceof MailError) return failed(cli, error.message, error.kind === 'syntax' ? 2 : 1);
    if (error instanceof ConfigError || error instanceof StartError) return failed(cli, error.message, 1);
    return failed(cli, isOfSystem(error) ? error.message : ((error as Error).stack ?? String(error)), 1);
  }
}

/** What the operating system refuses (a full disk, a folder that may not be written to) is no fault of the program. */
function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

function failed(cli: Cli, message: string, code: number): number {
  cli.err(`pabal: ${message}\n`);
  return code;
}
