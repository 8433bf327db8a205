/** Images that stand in the text of a mail: what may be one, made small enough, and how the text names it. */
import type { DraftFile } from './draft.ts';

/** What programs of all kinds draw, and what holds no script. */
const TYPES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
/** Bytes: larger ones are not shown in their place everywhere. */
const MOST_BYTES = 2_500_000;
/** Of photographs that are made smaller, the longer side. */
const LONG_SIDE = 1_600;

export const isImage = ({ type }: Blob): boolean => TYPES.has(type);

/** One that fits, as it is or smaller; undefined when it is no image, or cannot be made to fit. */
export async function fitted(image: File, most = MOST_BYTES, longSide = LONG_SIDE): Promise<File | undefined> {
  if (!isImage(image)) return undefined;
  if (image.size <= most) return image;
  const bitmap = await createImageBitmap(image).catch(() => undefined);
  if (bitmap === undefined) return undefined;
  for (let side = longSide; side >= 80; side /= 1.5) {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(Math.max(1, bitmap.width * scale), Math.max(1, bitmap.height * scale));
    const drawing = canvas.getContext('2d');
    if (drawing === null) return undefined;
    // What is seen through becomes white, as the mail is.
    drawing.fillStyle = '#fff';
    drawing.fillRect(0, 0, canvas.width, canvas.height);
    drawing.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
    if (blob.size <= most) return new File([blob], image.name.replace(/\.\w+$/, '.jpg'), { type: blob.type });
  }
  return undefined;
}

/** As a file of a mail, with a name of its own in the text. */
export function inlineFile(file: File): DraftFile & { readonly cid: string } {
  const key = crypto.randomUUID();
  return { key, name: file.name, size: file.size, file, cid: `${key}@pabal` };
}

/** Whether the text shows it; one that was taken out of the text is not sent along. */
export const isShown = (html: string | undefined, cid: string | undefined): boolean =>
  cid !== undefined && html !== undefined && html.includes(`cid:${cid}`);

/** Where a page of ours has it from: '' when it is nowhere. */
export function sourceOf(files: readonly DraftFile[], cid: string): string {
  const found = files.find((one) => one.cid === cid);
  if (found?.file !== undefined) return URL.createObjectURL(found.file);
  return found?.at === undefined ? '' : `/v1/messages/${found.at.message}/attachments/${found.at.n}/shown`;
}
