/** A Redis of our own, from Debian's package, that keeps nothing on the disk. */
import { existsSync } from 'node:fs';
import { freePort } from './free-port.ts';
import { type Program, startProgram, WITH_US } from './program.ts';

const REDIS = '/usr/bin/redis-server';

/** Why it cannot be started. */
export const redisMissing = existsSync(REDIS) ? undefined : 'Redis is not installed (test/install.sh)';

export interface RedisServer extends Program {
  readonly url: string;
}

export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', '/tmp'];
  const program = await startProgram(port, 'setpriv', [...WITH_US, REDIS, ...args]);
  return { ...program, url: `redis://127.0.0.1:${port}` };
}
