/** Small files that are there whole or not at all, and survive the loss of power. */
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** For its owner alone (mode 0600), with the folders above it. */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
