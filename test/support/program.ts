/** A server of somebody else's, started by a test at a port of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';

export interface Program extends AsyncDisposable {
  readonly endpoint: string;
  /** As a machine that loses power; `start` brings it back at the same place. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** It neither answers nor goes away, until `goOn`. */
  standStill(): void;
  goOn(): void;
}

/** Arguments of `setpriv` with which a program ends when we do, however that is. */
export const WITH_US = ['--pdeathsig', 'KILL'];

/** Is there when it answers at the port. */
export async function startProgram(
  port: number,
  command: string,
  args: readonly string[],
  env = process.env,
): Promise<Program> {
  let child: ChildProcess | undefined;
  let output = '';
  const start = async (): Promise<void> => {
    const mine = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env, detached: true });
    child = mine;
    const ended = new Promise<string>((resolve) => mine.once('exit', (code) => resolve(`it ended with ${code}`)));
    for (const stream of [mine.stdout, mine.stderr]) stream.on('data', (piece) => (output += String(piece)));
    for (;;) {
      const state = await Promise.race([ended, answers(port)]);
      if (state === true) return;
      if (typeof state === 'string') throw new Error(`${command}: ${state}\n${output.slice(-2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const kill = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running?.pid === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    // With its workers: they would go on listening.
    process.kill(-running.pid, 'SIGKILL');
    await ended;
  };
  const signal = (name: NodeJS.Signals): void => {
    if (child?.pid !== undefined) process.kill(-child.pid, name);
  };
  await start();
  return {
    endpoint: `127.0.0.1:${port}`,
    kill,
    start,
    standStill: () => signal('SIGSTOP'),
    goOn: () => signal('SIGCONT'),
    [Symbol.asyncDispose]: kill,
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
