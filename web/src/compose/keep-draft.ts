/** A draft as the service keeps it: as JSON, and with its new files where there are any. */
import { ApiError, call, OWN_PAGE, problemOf } from '../api.ts';
import * as drafts from './draft.ts';
import type { Draft } from './draft.ts';

interface Stored {
  readonly id: string;
  readonly files: readonly { readonly key: string; readonly at: { readonly message: string; readonly n: number } }[];
}

/** Those that the service has are named, those that are still here go along. */
export async function keepDraft(draft: Draft, onProgress: (part: number) => void): Promise<Stored> {
  const going = drafts.filesGoing(draft);
  const stored = going.filter(({ at }) => at !== undefined);
  const here = going.filter(({ at, file }) => at === undefined && file !== undefined);
  const template = draft.template === true ? { template: true } : {};
  const body = {
    ...drafts.wireOf(draft),
    ...template,
    options: drafts.optionsOf(draft),
    ...(draft.id !== undefined && { replaces: draft.id }),
  };
  const { id, attached } = await send<{ id: string; attached: number[] }>('/v1/drafts', body, here, onProgress);
  const keys = [...stored, ...here].map(({ key }) => key);
  return { id, files: keys.flatMap((key, i) => (attached[i] ? [{ key, at: { message: id, n: attached[i] } }] : [])) };
}

/** With files it is a request of the old kind: only that one tells how far it is. */
function send<T>(
  path: string,
  body: unknown,
  files: readonly drafts.DraftFile[],
  onProgress: (part: number) => void,
): Promise<T> {
  if (files.length === 0) return call<T>('POST', path, { body });
  const form = new FormData();
  form.append('message', new Blob([JSON.stringify(body)], { type: 'application/json' }));
  for (const { file, name, cid } of files)
    if (file !== undefined) form.append(cid === undefined ? 'file' : `cid:${cid}`, file, name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    for (const [name, value] of Object.entries(OWN_PAGE)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 0 : loaded / total);
    request.onerror = () => reject(new ApiError('offline', 0, ''));
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText) as T);
      else reject(problemOf(request.status, request.responseText));
    };
    request.send(form);
  });
}
