/** As whom one writes: asked for once, and again after a change. */
import { call } from '../api.ts';
import type { DraftFile } from './draft.ts';

export interface Identity {
  readonly address: string;
  readonly name: string;
  readonly signature: string;
  /** Names the image under it; '' for none. */
  readonly image: string;
}

export const imagePath = (address: string): string => `/v1/identities/${encodeURIComponent(address)}/image`;

let known: Promise<readonly Identity[]> | undefined;

/** The first is the one that mails come from. None when the service does not answer: mail can be written all the same. */
export function identities(): Promise<readonly Identity[]> {
  known ??= call<{ items: Identity[] }>('GET', '/v1/identities').then(
    ({ items }) => items,
    () => {
      known = undefined;
      return [];
    },
  );
  return known;
}

/** The image under its signature, as a file of a mail; undefined when it cannot be had. */
export async function signatureImage({ address, image }: Identity): Promise<DraftFile | undefined> {
  try {
    const answer = await fetch(imagePath(address));
    if (!answer.ok) return undefined;
    const bytes = await answer.blob();
    const name = `signature.${bytes.type.slice('image/'.length)}`;
    const file = new File([bytes], name, { type: bytes.type });
    return { key: `signature-${image}`, name, size: file.size, file, cid: `signature-${image}@pabal` };
  } catch {
    return undefined;
  }
}

export function forgetIdentities(): void {
  known = undefined;
}
