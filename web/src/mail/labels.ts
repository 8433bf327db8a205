/** The labels of the account: names and colours for keywords of messages. */
import { call } from '../api.ts';
import { Store } from '../store.ts';

export const COLOURS = ['red', 'orange', 'yellow', 'green', 'teal', 'blue', 'purple', 'grey'] as const;
export type Colour = (typeof COLOURS)[number];

export interface Label {
  /** The keyword. */
  readonly id: string;
  readonly name: string;
  readonly colour: Colour;
}

export const labels = new Store<{ readonly known: readonly Label[] }>({ known: [] });

export async function loadLabels(): Promise<void> {
  try {
    const { items } = await call<{ items: Label[] }>('GET', '/v1/labels');
    labels.set({ known: items });
  } catch {
    // Mail can be read without them.
  }
}

/** As they shall be; of a new one the id is absent. */
export async function saveLabels(items: readonly (Omit<Label, 'id'> & { readonly id?: string })[]): Promise<void> {
  const kept = await call<{ items: Label[] }>('PUT', '/v1/labels', { body: { items } });
  labels.set({ known: kept.items });
}

export function labelsOf(keywords: readonly string[], known: readonly Label[]): readonly Label[] {
  if (keywords.length === 0 || known.length === 0) return [];
  const set = new Set(keywords.map((keyword) => keyword.toLowerCase()));
  return known.filter(({ id }) => set.has(id.toLowerCase()));
}
