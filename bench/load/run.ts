/** Runs the load client to its end, in a process of its own. */
import { spawn } from 'node:child_process';
import { outputOf } from '../../test/load/smtp-source.ts';
import type { SmtpLoadArguments, SmtpLoadResult } from './smtp.ts';

export async function runSmtpLoad(args: SmtpLoadArguments): Promise<SmtpLoadResult> {
  const child = spawn(process.execPath, [new URL('smtp.ts', import.meta.url).pathname, JSON.stringify(args)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await outputOf(child)) as SmtpLoadResult;
}
