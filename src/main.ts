/** The program's entry: `bin/pabal`, `npm start`. */
import { fileURLToPath } from 'node:url';

const major = Number(process.versions.node.split('.')[0]);
if (major < 26) {
  process.stderr.write(
    `pabal: Node.js 26 or newer is needed, this is ${process.versions.node}: run 'npm ci' in the project's folder and start it with bin/pabal or npm start\n`,
  );
  process.exit(1);
}
// Loaded after the guard: an old Node.js cannot even read it. What was stripped of its types once is kept where npm
// keeps such things; a folder that cannot be written to only makes the start slower.
const { enableCompileCache } = await import('node:module');
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/pabal', import.meta.url)));
const { run } = await import('./cli/program.ts');

/** Resolves with the signal that asks to end. Who never calls it is ended by the signal itself. */
function terminated(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let asked = Infinity;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // A second one ends the process at once. npm hands a Ctrl-C on that we have heard already: that is none.
      if (performance.now() > asked + 1000) process.exit(1);
      asked = Math.min(asked, performance.now());
      resolve(signal);
    });
  }
  return promise;
}
// Whoever reads our output may stop reading (`pabal account list | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await run(
  {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY === true,
    stdin: process.stdin,
    environment: process.env,
    terminated,
    onReload: (act) => void process.on('SIGHUP', act),
    exitCode: 0,
  },
  process.argv.slice(2),
);
