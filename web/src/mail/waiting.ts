/**
 * What was done without a connection: kept in this browser in the order in which it was done, and carried out when there is one again. Each
 * request has a key of its own, so that one whose answer was lost on the way is not done twice.
 */
import { ApiError, call } from '../api.ts';
import { Store } from '../store.ts';
import { toast } from '../ui/toast.tsx';
import { words } from '../words/words.ts';
import { mailWords } from './words.ts';

/** A change to messages. */
export interface WaitingChange {
  readonly kind: 'change';
  readonly key: string;
  readonly path: string;
  readonly body: { readonly ids: readonly string[] } & Readonly<Record<string, unknown>>;
}

/** A mail to be sent, with the form that it came from. */
export interface WaitingMail {
  readonly kind: 'mail';
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly draft: { readonly subject: string; readonly id?: string };
}

export type Waiting = WaitingChange | WaitingMail;

export const waiting = new Store<{ readonly items: readonly Waiting[] }>({ items: [] });

/** Told of a mail that the service does not take: its form opens again. */
export const refusedMail = { tell: (_mail: WaitingMail, _error: ApiError): void => undefined };

/** So many are kept; nobody files more mail on a train. */
const MOST = 1_000;
const AGAIN_MS = 15_000;

let account = '';
let running = false;
let again: ReturnType<typeof setTimeout> | undefined;
/** What has to look again when something was carried out. */
let onDone: () => void = () => undefined;

const localKey = (): string => `pabal.waiting.${account}`;

function keep(items: readonly Waiting[]): void {
  waiting.set({ items });
  try {
    if (items.length === 0) localStorage.removeItem(localKey());
    else localStorage.setItem(localKey(), JSON.stringify(items));
  } catch {
    // Full, or forbidden: it waits as long as this page is open.
  }
}

/** Of this account from now on: what an earlier page left comes first. */
export function beginWaiting(address: string, done: () => void): void {
  account = address;
  onDone = done;
  let items: readonly Waiting[] = [];
  try {
    items = JSON.parse(localStorage.getItem(localKey()) ?? '[]') as readonly Waiting[];
  } catch {
    // Nothing readable.
  }
  waiting.set({ items });
  void carryOut();
}

export function forgetWaiting(): void {
  clearTimeout(again);
  account = '';
  waiting.set({ items: [] });
}

/** Does it now, or when there is a connection again; answers which. Rejects with what the service says against it. */
export async function change(path: string, body: WaitingChange['body']): Promise<'done' | 'waits'> {
  const key = crypto.randomUUID();
  // One after the other: what is done now may need what waits.
  if (waiting.state.items.length === 0) {
    try {
      await call('POST', path, { body, key });
      return 'done';
    } catch (error) {
      if (!isOffline(error)) throw error;
    }
  }
  if (waiting.state.items.length >= MOST) throw new ApiError('offline', 0, '');
  add({ kind: 'change', key, path, body });
  return 'waits';
}

export function add(item: Waiting): void {
  keep([...waiting.state.items, item]);
  void carryOut();
}

/** Takes one back that has not been carried out; answers whether it was there. */
export function takeBack(key: string): boolean {
  const left = waiting.state.items.filter((item) => item.key !== key);
  const found = left.length < waiting.state.items.length;
  if (found) keep(left);
  return found;
}

/** Tries what waits, from the first on; stops where there is no connection. */
export async function carryOut(): Promise<void> {
  if (running || waiting.state.items.length === 0) return;
  running = true;
  clearTimeout(again);
  const of = account;
  let done = 0;
  try {
    for (let item = waiting.state.items[0]; item !== undefined && of === account; item = waiting.state.items[0]) {
      if (!(await tried(item))) break;
      if (of !== account) return;
      const { key } = item;
      keep(waiting.state.items.filter((one) => one.key !== key));
      if (item.kind === 'change') done++;
    }
  } finally {
    running = false;
  }
  if (done > 0) {
    toast(mailWords().changesDone(done));
    onDone();
  }
  if (waiting.state.items.length > 0) again = setTimeout(() => void carryOut(), AGAIN_MS);
}

/** False when it waits on. */
async function tried(item: Waiting): Promise<boolean> {
  const { key, body } = item;
  try {
    await call('POST', item.kind === 'change' ? item.path : '/v1/messages', { body, key });
    if (item.kind === 'mail') sent(item);
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || isOffline(error) || error.code === 'busy' || error.status === 401) return false;
    if (item.kind === 'mail') refusedMail.tell(item, error);
    // Messages that are gone are passed over by the service; what is refused is another thing, such as a folder that is no more.
    else toast(`${mailWords().changeRefused}: ${words().error(error.code)}`, undefined, 'error');
    return true;
  }
}

function sent({ draft }: WaitingMail): void {
  toast(mailWords().sentLater(draft.subject || words().noSubject));
  if (draft.id !== undefined) call('DELETE', `/v1/drafts/${draft.id}`).catch(() => undefined);
}

const isOffline = (error: unknown): boolean => error instanceof ApiError && error.code === 'offline';

/** What waiting changes mean for messages that are shown as the service last told them. */
export function overlay(id: string): { readonly gone: boolean; readonly read?: boolean; readonly flagged?: boolean } {
  let gone = false;
  const flags: { read?: boolean; flagged?: boolean } = {};
  for (const item of waiting.state.items) {
    if (item.kind !== 'change' || !item.body.ids.includes(id)) continue;
    const changed = item.body['change'] as { folder?: string; read?: boolean; flagged?: boolean } | undefined;
    if (changed === undefined || changed.folder !== undefined) gone = true;
    if (changed?.read !== undefined) flags.read = changed.read;
    if (changed?.flagged !== undefined) flags.flagged = changed.flagged;
  }
  return { gone, ...flags };
}
