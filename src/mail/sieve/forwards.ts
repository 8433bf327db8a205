/** To whom a script may pass mail on: all addresses of its `redirect`, whatever has to be true before. */
import type { Block, Call, SieveScript } from './call.ts';

export interface Forwards {
  readonly addresses: readonly string[];
  /** Some are made while it runs, or stand in a list. */
  readonly open: boolean;
}

export function forwardsOf({ block }: SieveScript): Forwards {
  const addresses = new Set<string>();
  let open = false;
  for (const call of redirects(block)) {
    const text = call.text('address');
    if (text === undefined) continue;
    addresses.add(text.value);
    open ||= text.dynamic || call.has(':list');
  }
  return { addresses: [...addresses], open };
}

/** Checked scripts nest no deeper than the checker allows. */
function* redirects(block: Block): Generator<Call> {
  for (const command of block) {
    if (command.kind === 'if') {
      for (const branch of command.branches) yield* redirects(branch.block);
      continue;
    }
    if (command.call.name === 'redirect') yield command.call;
    yield* redirects(command.call.block);
  }
}
