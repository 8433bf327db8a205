/** What is said about folders beyond their names: colour, order, and their mail as a file. */
import { look } from '../settings-store.ts';
import { useStore } from '../store.ts';

const en = {
  colour: 'Colour',
  noColour: 'None',
  moveUp: 'Move up',
  moveDown: 'Move down',
  exportMail: 'Download as mbox',
};
export type FolderWords = typeof en;

const ko: FolderWords = {
  colour: '색',
  noColour: '없음',
  moveUp: '위로',
  moveDown: '아래로',
  exportMail: 'mbox로 내려받기',
};

const ALL = { en, ko };

export function useFolderWords(): FolderWords {
  return ALL[useStore(look, (state) => state.language)];
}
