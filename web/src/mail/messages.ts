/** Whole messages that were opened, or are about to be. */
import { call } from '../api.ts';
import type { Message } from '../api.ts';

const KEPT = 40;
const known = new Map<string, Promise<Message>>();

/** A message never changes but in flags and place, which the list knows better. */
export function fetchMessage(id: string): Promise<Message> {
  const before = known.get(id);
  if (before !== undefined) {
    known.delete(id);
    known.set(id, before);
    return before;
  }
  const coming = call<Message>('GET', `/v1/messages/${id}`);
  known.set(id, coming);
  coming.catch(() => known.delete(id));
  for (const oldest of known.keys()) {
    if (known.size <= KEPT) break;
    known.delete(oldest);
  }
  return coming;
}

export function forgetMessage(id: string): void {
  known.delete(id);
}

export function forgetMessages(): void {
  known.clear();
}
