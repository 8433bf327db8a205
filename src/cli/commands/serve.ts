/** `pabal serve`: runs the service until it is told to end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Config } from '../../config/schema.ts';
import { isLoopbackHost } from '../../config/values.ts';
import type { DataKind } from '../../profiles/data-folder.ts';
import { StartError } from '../../profiles/start-error.ts';
import { createLog } from '../../telemetry/log.ts';
import { type Cli, common, type CommonOptions, configOf, UsageError } from '../cli.ts';
import { welcome } from '../welcome.ts';

/** What a mode prescribes: over the file, under the environment and --set. */
const MODES: Readonly<Record<DataKind, Readonly<Record<string, unknown>>>> = {
  mail: {},
  demo: { data: './data-demo' },
  sandbox: { data: './data-sandbox', 'listen.lmtp': '127.0.0.1:2024', 'tls.allow_plaintext_login': 'always' },
};

/** After the store has failed: so long clients and /healthz hear of it before the process ends and is started again. */
const FAILED_MS = 2000;

export function serve(program: Command, cli: Cli): void {
  common(program.command('serve').description('run the service; Ctrl-C ends it cleanly'))
    .option('--demo', 'a living mailbox to try out: example.test with alice and bob, on this machine only')
    .option(
      '--sandbox',
      'for people who write mail programs: every address of mail.test signs in with the password "pass"',
    )
    .action(async (options: CommonOptions & { demo?: boolean; sandbox?: boolean }) => {
      if (options.demo && options.sandbox) throw new UsageError('--demo and --sandbox exclude each other');
      const kind = options.demo ? 'demo' : options.sandbox ? 'sandbox' : 'mail';
      const { config } = await configOf(cli, options, MODES[kind]);
      if (kind !== 'mail') requireLoopback(config, kind);
      const terminated = cli.terminated();
      const log = createLog({ level: config.log.level });
      const { serveSingle } = await import('../../profiles/serve.ts');
      const ended = new AbortController();
      void terminated.then((signal) => ended.abort(signal));
      const serving = serveSingle(config, kind, log, ended.signal).catch((error: unknown) => {
        if (!ended.signal.aborted) throw error;
        return undefined;
      });
      await using service = await serving;
      if (service === undefined) return log.info({ signal: ended.signal.reason as string }, 'stopped standing by');
      cli.onReload?.(() => void service.certificates()?.reload());
      cli.err(welcome(service, kind));
      const failed = service.failure.then((error) => ({ error }));
      const end = await Promise.race([terminated, failed]);
      if (typeof end === 'string') return log.info({ signal: end }, 'stopping');
      log.fatal({ err: end.error }, 'the store has failed: nothing is accepted any more, and the service ends');
      await sleep(FAILED_MS);
      // Nothing is closed: after a failed write LMDB's memory is not to be trusted, and a kill does no harm.
      process.exit(1);
    });
}

function requireLoopback(config: Config, kind: DataKind): void {
  for (const [name, value] of Object.entries(config.listen)) {
    for (const endpoint of value)
      if (typeof endpoint !== 'string' && !isLoopbackHost(endpoint.host))
        throw new StartError(
          `--${kind} listens on this machine only: set listen.${name} to 127.0.0.1:${endpoint.port} or "off"`,
        );
  }
}
