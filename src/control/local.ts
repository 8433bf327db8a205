/** Operations in this process, when no service runs. */
import type { Control } from './operation.ts';
import type { Service } from './service.ts';

export function localControl(service: Service & AsyncDisposable): Control {
  return {
    remote: false,
    async call(operation, args, { body, onItem, signal } = {}) {
      let last: Promise<void> | void;
      return operation
        .run(service, operation.args.parse(args), {
          item: (item) => {
            const before = last;
            last = before === undefined ? onItem?.(item) : before.then(() => onItem?.(item));
          },
          taken: async () => await last,
          body: (async function* () {
            if (body !== undefined) yield body;
          })(),
          signal: signal ?? new AbortController().signal,
        })
        .then(async (result) => {
          await last;
          return result;
        });
    },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}
