/** Mail out of files, put into a folder message by message. It goes on while one looks at something else; begun anew it knows what is there already. */
import { ApiError, OWN_PAGE, problemOf, query } from '../api.ts';
import { codeOf } from '../mail/mailbox.ts';
import { Store } from '../store.ts';
import { type FoundMessage, messagesIn } from './messages-in.ts';

export interface Refused {
  readonly file: string;
  /** 1 is the first of the file. */
  readonly number: number;
  readonly reason: string;
}

export interface Importing {
  readonly running: boolean;
  /** Bytes. */
  readonly done: number;
  readonly total: number;
  readonly imported: number;
  readonly known: number;
  readonly refused: readonly Refused[];
  readonly stopped: boolean;
  /** Why it ended before its end; '': it did not. */
  readonly error: string;
}

export const NOTHING: Importing = {
  running: false,
  done: 0,
  total: 0,
  imported: 0,
  known: 0,
  refused: [],
  stopped: false,
  error: '',
};
export const importing = new Store<Importing>(NOTHING);

const AT_ONCE = 4;
/** A service that is busy is asked again so often, each time after a longer while. */
const TRIES = 8;
const WAIT_MS = 500;
/** These tell of one message; whatever else goes wrong is so with the next one, too. */
const OF_ONE = new Set(['syntax', 'invalid', 'too-large', 'infected']);
const MOST_REFUSED = 50;

let stopping = new AbortController();

export function stopImport(): void {
  stopping.abort();
}

/** `changed`: some are there. */
export async function importFiles(files: readonly File[], folder: string, changed: () => void): Promise<void> {
  if (importing.state.running) return;
  stopping = new AbortController();
  const { signal } = stopping;
  importing.set({ ...NOTHING, running: true, total: files.reduce((sum, { size }) => sum + size, 0) });
  const leaving = (event: BeforeUnloadEvent) => event.preventDefault();
  window.addEventListener('beforeunload', leaving);
  let before = 0;
  try {
    for (const file of files) {
      await importFile(file, folder, before, signal);
      before += file.size;
      importing.set({ done: before });
    }
  } catch (error) {
    if (signal.aborted) importing.set({ stopped: true });
    else importing.set({ error: error instanceof ApiError ? codeOf(error) : 'unreadable' });
  }
  window.removeEventListener('beforeunload', leaving);
  importing.set({ running: false });
  changed();
}

async function importFile(file: File, folder: string, before: number, signal: AbortSignal): Promise<void> {
  const source = `${file.name.slice(0, 800)} ${file.size}`;
  const copies = new Map<string, number>();
  const running = new Set<Promise<void>>();
  let failure: unknown;
  let number = 0;
  for await (const message of messagesIn(file)) {
    signal.throwIfAborted();
    if (failure !== undefined) break;
    const of = ++number;
    const key = keyOf(message.raw);
    const copy = copies.get(key) ?? 0;
    copies.set(key, copy + 1);
    const task: Promise<void> = put(message, folder, { source, copy }, signal)
      .then((known) => {
        const { imported, known: knownBefore } = importing.state;
        importing.set(known ? { known: knownBefore + 1 } : { imported: imported + 1 });
      })
      .catch((error: unknown) => {
        if (!(error instanceof ApiError && OF_ONE.has(error.code))) failure ??= error;
        else if (importing.state.refused.length < MOST_REFUSED)
          importing.set({
            refused: [...importing.state.refused, { file: file.name, number: of, reason: error.code }],
          });
      })
      .finally(() => running.delete(task));
    running.add(task);
    if (running.size >= AT_ONCE) await Promise.race(running);
    importing.set({ done: before + message.read });
  }
  await Promise.all(running);
  if (failure !== undefined) throw failure;
}

interface Place {
  readonly source: string;
  readonly copy: number;
}

/** Answers whether it was there already. */
async function put(
  { raw, flags, date }: FoundMessage,
  folder: string,
  { source, copy }: Place,
  signal: AbortSignal,
): Promise<boolean> {
  const has = (flag: string): true | undefined => flags.includes(flag) || undefined;
  const words = flags.filter((flag) => /^[^\x00-\x20\x7f-\uffff(){%*"\\\]]{1,100}$/.test(flag)).slice(0, 100);
  const asked = {
    source,
    copy,
    received: date === undefined ? undefined : new Date(date).toISOString(),
    read: has('\\seen'),
    answered: has('\\answered'),
    flagged: has('\\flagged'),
    draft: has('\\draft'),
    keywords: words.length === 0 ? undefined : words.join(' '),
  };
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(`/v1/folders/${folder}/messages${query(asked)}`, {
      method: 'POST',
      headers: { ...OWN_PAGE, 'content-type': 'message/rfc822' },
      body: raw as BodyInit,
      signal,
    }).catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw new ApiError('offline', 0, '');
    });
    if (response.ok) return ((await response.json()) as { known: boolean }).known;
    const problem = problemOf(response.status, await response.text());
    if ((response.status !== 503 && response.status !== 429) || attempt === TRIES) throw problem;
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS * 2 ** attempt));
    signal.throwIfAborted();
  }
}

/** Equal messages have the same. Others may: then one is called a copy of the other, which changes nothing. */
function keyOf(raw: Uint8Array): string {
  let hash = 0;
  for (const byte of raw.subarray(0, 4_096)) hash = (Math.imul(hash, 31) + byte) | 0;
  return `${raw.length} ${hash}`;
}
