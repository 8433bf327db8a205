/** The reader's own key: kept in this browser as the file that it came in, which its password seals; open for as long as the page is. */
import { type OwnKey, readPfx } from './smime.ts';

interface Kept {
  readonly name: string;
  /** Base64. */
  readonly file: string;
}

const LARGEST = 256 << 10;
const keyOf = (account: string): string => `pabal.smime.${account}`;
const opened = new Map<string, OwnKey>();

export function keptFile(account: string): string | undefined {
  return read(account)?.name;
}

export function openKeys(account: string): readonly OwnKey[] {
  const key = opened.get(account);
  return key === undefined ? [] : [key];
}

/** `file` undefined: the one that is kept. One that opens is kept. Throws `SmimeError`. */
export async function unlock(account: string, file: File | undefined, password: string): Promise<void> {
  const bytes =
    file === undefined
      ? Uint8Array.from(atob(read(account)?.file ?? ''), (c) => c.charCodeAt(0))
      : new Uint8Array(await file.slice(0, LARGEST).arrayBuffer());
  opened.set(account, await readPfx(bytes, password));
  // Without a password it would lie open.
  if (file === undefined || password === '') return;
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  try {
    localStorage.setItem(keyOf(account), JSON.stringify({ name: file.name, file: btoa(text) } satisfies Kept));
  } catch {
    // Full, or forbidden: it is chosen again the next time.
  }
}

export function forget(account: string): void {
  opened.delete(account);
  localStorage.removeItem(keyOf(account));
}

function read(account: string): Kept | undefined {
  try {
    return (JSON.parse(localStorage.getItem(keyOf(account)) ?? 'null') as Kept | null) ?? undefined;
  } catch {
    return undefined;
  }
}
