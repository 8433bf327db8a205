/** The blob store's files in the lab: with points, and, for the power lab's control, without syncs. */
import { type Files, realFiles as really } from '../../src/adapters/files.ts';
import { plan } from './compose.ts';
import { point } from './points.ts';

export * from '../../src/adapters/files.ts';

const synced = plan.sabotage !== 'no-sync';

export const realFiles: Files = {
  ...really,
  async open(path, mode) {
    const file = await really.open(path, mode);
    if (mode === 'read') return file;
    point('blob.created');
    return {
      read: (into, position) => file.read(into, position),
      size: () => file.size(),
      close: () => file.close(),
      async write(bytes) {
        await file.write(bytes);
        point('blob.written');
      },
      async sync() {
        if (synced) await file.sync();
        point('blob.synced');
      },
    };
  },
  async rename(from, to) {
    point('blob.unnamed');
    await really.rename(from, to);
    point('blob.renamed');
  },
  async syncFolder(path) {
    if (synced) await really.syncFolder(path);
    point('blob.folder');
  },
  async makeFolder(path) {
    const made = await really.makeFolder(path);
    if (made) point('blob.new-folder');
    return made;
  },
};
