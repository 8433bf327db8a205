/** What is said about folders beyond their names: colour, order, and mail that comes from files or goes into one. */
import { look } from '../settings-store.ts';
import { useStore } from '../store.ts';

const en = {
  colour: 'Colour',
  noColour: 'None',
  moveUp: 'Move up',
  moveDown: 'Move down',
  importMail: 'Import mail',
  exportMail: 'Download as mbox',
};
export type FolderWords = typeof en;

const ko: FolderWords = {
  colour: '색',
  noColour: '없음',
  moveUp: '위로',
  moveDown: '아래로',
  importMail: '메일 가져오기',
  exportMail: 'mbox로 내려받기',
};

const ALL = { en, ko };

export function useFolderWords(): FolderWords {
  return ALL[useStore(look, (state) => state.language)];
}
