/** What this browser keeps, so that mail that was read can be read without a connection. The service worker fills it. */
import { look } from './settings-store.ts';
import { MAIL_CACHE } from './worker/kept.ts';

/** Browsers have none where the connection is not secure. */
export function startWorker(): void {
  if ('serviceWorker' in navigator) navigator.serviceWorker.register('/service-worker.js').catch(() => undefined);
}

export const canKeep = (): boolean => 'serviceWorker' in navigator && 'caches' in globalThis;

/** Of this account from now on; undefined: of nobody. What others read here is forgotten. */
export async function keepMailOf(account: string | undefined): Promise<void> {
  if (!canKeep()) return;
  const wanted = account !== undefined && look.state.keepsMail ? MAIL_CACHE + account : undefined;
  try {
    for (const name of await caches.keys())
      if (name.startsWith(MAIL_CACHE) && name !== wanted) await caches.delete(name);
    if (wanted !== undefined) await caches.open(wanted);
  } catch {
    // Storage may be forbidden.
  }
}
