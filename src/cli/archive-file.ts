/** Files that come piece by piece from the service. */
import { open, rename, rm } from 'node:fs/promises';

/** `write` is given what to call for each piece, in base64. The file has its name only when it is whole. */
export async function writeArchive<T>(
  path: string,
  write: (onItem: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const part = `${path}.part`;
  const file = await open(part, 'wx', 0o600);
  try {
    const result = await write((text) => file.writeFile(Buffer.from(text, 'base64')));
    await file.sync();
    await file.close();
    await rename(part, path);
    return result;
  } catch (error) {
    await file.close();
    await rm(part, { force: true });
    throw error;
  }
}
