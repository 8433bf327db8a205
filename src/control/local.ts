/** Operations in this process, when no service runs. */
import { runAudited } from './audited.ts';
import type { Control } from './operation.ts';
import type { Service } from './service.ts';

export function localControl(service: Service & AsyncDisposable): Control {
  return {
    remote: false,
    async call(operation, args, { body, onItem, signal } = {}) {
      const turn: { last: Promise<void> | void } = { last: undefined };
      const result = await runAudited(service, operation, operation.args.parse(args), {
        item: (item: Parameters<NonNullable<typeof onItem>>[0]) => {
          const before = turn.last;
          turn.last = before === undefined ? onItem?.(item) : before.then(() => onItem?.(item));
        },
        taken: async () => await turn.last,
        body: (async function* () {
          if (body !== undefined) yield body;
        })(),
        signal: signal ?? new AbortController().signal,
      });
      await turn.last;
      return result as Awaited<ReturnType<typeof operation.run>>;
    },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}
