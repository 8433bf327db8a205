/**
 * Loaded before the service (`node --import`): exchanges some of its modules for those of the lab. What it does is told
 * by the variable LAB, which the service itself knows nothing of.
 */
import { registerHooks } from 'node:module';

export interface LabPlan {
  /** `name:n`: die at the n-th passing. From the start, or once SIGUSR2 came. */
  readonly crashAt?: string;
  readonly armed?: 'at-start' | 'by-signal';
  readonly sabotage?: 'early' | 'no-sync' | 'unchecked';
}

export const plan = JSON.parse(process.env['LAB'] ?? '{}') as LabPlan;

/** Who imports what gets which. */
const EXCHANGED: readonly (readonly [importer: string, module: string, instead: string])[] = [
  ['/src/profiles/engine.ts', '/src/adapters/kv-lmdb.ts', './kv-lab.ts'],
  ['/src/adapters/blob-files.ts', '/src/adapters/files.ts', './files-lab.ts'],
  ['/src/adapters/kv-lmdb-writer.ts', '/lmdb/', './engine-lab.ts'],
];

/** Sabotage in one word of a module. */
const CHANGED: Partial<Record<string, { readonly module: string; readonly word: string; readonly instead: string }>> = {
  'no-sync': { module: '/src/adapters/kv-lmdb-options.ts', word: 'noSync: false', instead: 'noSync: true' },
  unchecked: { module: '/src/adapters/kv-rows.ts', word: '=== expected', instead: '!== -1' },
};

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    for (const [importer, module, instead] of EXCHANGED)
      if (context.parentURL?.endsWith(importer) && found.url.includes(module))
        return { url: new URL(instead, import.meta.url).href, format: 'module-typescript', shortCircuit: true };
    return found;
  },
  load(url, context, next) {
    const loaded = next(url, context);
    const change = CHANGED[plan.sabotage ?? ''];
    if (!change || !url.endsWith(change.module)) return loaded;
    const source = Buffer.from(loaded.source as Uint8Array).toString();
    const changed = source.replace(change.word, change.instead);
    if (changed === source) throw new Error('the lab did not find the switch to turn off');
    return { ...loaded, source: changed };
  },
});
