import { expect, test } from 'vitest';
import { keptAs } from './kept.ts';

test('what is read is kept, and nothing that changes or is large', () => {
  const kept = (path: string) => keptAs(path, false);
  for (const path of ['/v1/session', '/v1/folders', '/v1/folders/inbox/messages', '/v1/messages/17', '/v1/threads/0a'])
    expect(kept(path), path).toBe('mail');
  for (const path of [
    '/v1/events',
    '/v1/messages/17/raw',
    '/v1/messages/17/attachments/1',
    '/v1/sessions',
    '/v1/search',
  ])
    expect(kept(path), path).toBeUndefined();
  expect(kept('/assets/index-abc.js')).toBe('file');
  expect(kept('/service-worker.js')).toBeUndefined();
});

test('of pages only the client itself', () => {
  expect(keptAs('/', true)).toBe('page');
  for (const path of ['/start', '/docs/', '/sign-in/x', '/v1/messages/17']) expect(keptAs(path, true)).toBeUndefined();
});
