/** An operation is a value: its name, its arguments, what it does. Both ends of the control socket use the same one. */
import type { z } from 'zod';
import type { Service } from './service.ts';

/** What an operation may use beside its arguments. */
export interface OperationIo<Item> {
  /** Sent to the caller at once. */
  item(item: Item): void;
  /** Resolves when the caller has taken what was sent: for long lists. */
  taken(): Promise<void>;
  /** What the caller sends along. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The caller is gone. */
  readonly signal: AbortSignal;
}

export interface Operation<Args, Item, Result> {
  readonly name: string;
  readonly args: z.ZodType<Args>;
  run(service: Service, args: Args, io: OperationIo<Item>): Promise<Result>;
}

/** Fills in the types from the parts. */
export function operation<Args, Result, Item = never>(
  name: string,
  args: z.ZodType<Args>,
  run: Operation<Args, Item, Result>['run'],
): Operation<Args, Item, Result> {
  return { name, args, run };
}

/** Carries operations out: in this process, or in the service that runs. */
export interface Control extends AsyncDisposable {
  /** Whether a running service does it. */
  readonly remote: boolean;
  call<Args, Item, Result>(
    operation: Operation<Args, Item, Result>,
    args: Args,
    options?: CallOptions<Item>,
  ): Promise<Result>;
}

export interface CallOptions<Item> {
  readonly body?: Uint8Array;
  readonly onItem?: (item: Item) => void | Promise<void>;
  readonly signal?: AbortSignal;
}
