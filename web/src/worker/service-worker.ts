/**
 * Runs beside the pages: what was read is there without a connection, and mail is told of while no page is open. The network comes
 * first, always: what is kept stands in for it only when it does not answer.
 */
import { keptAs, MAIL_CACHE } from './kept.ts';

declare const self: ServiceWorkerGlobalScope;

const FILES = 'pabal-files';
/** Of earlier versions the oldest go first. */
const MOST_FILES = 80;
const MOST_MAIL = 600;
/** More at once are told of in one note. */
const MOST_NOTES = 3;

self.addEventListener('install', (event) => event.waitUntil(begin()));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

/** The page and what it names, so that it opens without a connection from now on. */
async function begin(): Promise<void> {
  const page = await fetch('/');
  const html = await page.clone().text();
  const cache = await caches.open(FILES);
  await cache.put('/', page);
  const named = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+|\/icon\.svg)"/g)].map(([, name = '']) => name);
  await cache.addAll([...new Set(named)]);
  await self.skipWaiting();
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  const kept = keptAs(url.pathname, request.mode === 'navigate');
  if (kept === 'file') event.respondWith(file(request, url.pathname));
  else if (kept === 'page') event.respondWith(networkFirst(request, caches.open(FILES), MOST_FILES));
  else if (kept === 'mail') event.respondWith(networkFirst(request, mailCache(), MOST_MAIL));
});

/** What is in `assets/` never changes. */
async function file(request: Request, path: string): Promise<Response> {
  const cache = await caches.open(FILES);
  if (!path.startsWith('/assets/')) return await networkFirst(request, Promise.resolve(cache), MOST_FILES);
  const kept = await cache.match(request);
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  if (answer.ok) await keep(cache, request, answer.clone(), MOST_FILES);
  return answer;
}

/**
 * Undefined when nobody is signed in, or wants nothing kept. It is opened before the answer is asked for: one that is removed
 * meanwhile, because somebody signs out, takes nothing any more.
 */
async function mailCache(): Promise<Cache | undefined> {
  const name = (await caches.keys()).find((one) => one.startsWith(MAIL_CACHE));
  return name === undefined ? undefined : await caches.open(name);
}

async function networkFirst(request: Request, opening: Promise<Cache | undefined>, most: number): Promise<Response> {
  const cache = await opening;
  try {
    const answer = await fetch(request);
    if (answer.ok && cache !== undefined) await keep(cache, request, answer.clone(), most);
    return answer;
  } catch (error) {
    const kept = await cache?.match(request, { ignoreVary: true });
    if (kept !== undefined) return kept;
    throw error;
  }
}

async function keep(cache: Cache, request: Request, answer: Response, most: number): Promise<void> {
  try {
    await cache.put(request, answer);
    const all = await cache.keys();
    for (const oldest of all.slice(0, Math.max(0, all.length - most))) await cache.delete(oldest);
  } catch {
    // No room: it is read all the same.
  }
}

interface News {
  readonly mails: readonly { readonly id: string; readonly from?: string; readonly subject?: string }[];
}

self.addEventListener('push', (event) => {
  const { mails = [] } = (event.data?.json() ?? {}) as Partial<News>;
  event.waitUntil(tell(mails));
});

async function tell(mails: News['mails']): Promise<void> {
  const korean = navigator.language.startsWith('ko');
  const note = (title: string, body: string, id: string) =>
    self.registration.showNotification(title, { body, tag: id, icon: '/icon.svg', data: id });
  const first = mails[0];
  if (mails.length > MOST_NOTES)
    return await note('Pabal · 파발', korean ? `새 메일 ${mails.length}통` : `${mails.length} new messages`, '');
  if (first === undefined) return;
  for (const { id, from, subject } of mails)
    await note(from ?? 'Pabal · 파발', subject ?? (korean ? '새 메일이 왔습니다' : 'New mail has come'), id);
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const id = String(event.notification.data);
  event.waitUntil(show(/^[0-9]+$/.test(id) ? `/#/f/inbox/${id}` : '/'));
});

async function show(where: string): Promise<void> {
  const [open] = await self.clients.matchAll({ type: 'window' });
  if (open === undefined) return void (await self.clients.openWindow(where));
  await open.focus();
  await open.navigate(where);
}
