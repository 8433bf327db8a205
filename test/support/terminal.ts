/** A program that wants a terminal, and is answered when its screen asks: it reads keys whenever it likes, so nothing is typed ahead of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { until } from './until.ts';

export class Terminal implements AsyncDisposable {
  readonly #program: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = '';

  /** `command` is the shell's. */
  constructor(command: string, env: Record<string, string>) {
    this.#program = spawn('script', ['-qec', `stty rows 30 cols 100; ${command}`, '/dev/null'], {
      env: { ...process.env, TERM: 'linux', LC_ALL: 'C.UTF-8', ...env },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#program.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
    this.#ended = once(this.#program, 'exit');
  }

  /** Waits until this was written since the last answer (moves of the cursor and spaces count as one space), then types `keys`. */
  async answer(question: string, keys: string): Promise<void> {
    const words = (): string => this.#output.replaceAll(/\u001B[[(][\d;?]*[A-Za-z]?/g, ' ').replaceAll(/\s+/g, ' ');
    await until(`the screen says ${question}`, () => words().includes(question));
    this.#output = '';
    this.type(keys);
  }

  type(keys: string): void {
    this.#program.stdin?.write(keys);
  }

  /** Its exit code. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.#program.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#program.kill();
    await this.#ended;
  }
}
