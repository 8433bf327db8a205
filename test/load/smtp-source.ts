/** Postfix's load generator: one command at a time, one smtp-source process for each lane. */
import { type ChildProcess, spawn } from 'node:child_process';
import { hostAndPort } from '../client/wire.ts';

export interface SmtpSourceOptions {
  readonly address: string;
  readonly accounts: readonly string[];
  /** Messages for each account. */
  readonly each: number;
  /** Connections at a time. */
  readonly lanes: number;
  /** Bytes of the body. */
  readonly size: number;
  readonly lmtp?: boolean;
}

/** Seconds it took; throws when a message was refused. */
export async function smtpSource(options: SmtpSourceOptions): Promise<number> {
  const { host, port } = hostAndPort(options.address);
  const waiting = [...options.accounts];
  const started = performance.now();
  const lane = async (): Promise<void> => {
    for (let account = waiting.shift(); account !== undefined; account = waiting.shift()) {
      const flags = [
        '-d',
        '-s',
        '1',
        '-m',
        String(options.each),
        '-l',
        String(options.size),
        '-M',
        'source.client.test',
      ];
      if (options.lmtp) flags.push('-L');
      const rest = ['-f', 'sender@client.test', '-t', account, `inet:${host}:${port}`];
      await outputOf(spawn('/usr/sbin/smtp-source', [...flags, ...rest], { stdio: ['ignore', 'pipe', 'inherit'] }));
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, lane));
  return (performance.now() - started) / 1000;
}

/** What a program wrote, once it ended well. */
export function outputOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(text) : reject(new Error(`${child.spawnfile} ended with ${String(code)}`)),
    );
  });
}
