/** What the form for writing says beyond the words that lists and messages need, too. Loaded when somebody writes. */
import { look } from '../settings-store.ts';
import { useStore } from '../store.ts';

const en = {
  saveTo: 'Keep a copy in',
  saveUsual: 'Sent',
  category: 'Category',
  downmail: 'Delivery',
  downmails: { usual: 'As usual', held: 'Stays here until fetched', whole: 'Goes whole' },
  templates: 'Templates',
  saveAsTemplate: 'Save as a template',
  savedAsTemplate: 'Saved as a template',
  manageTemplates: 'All templates',
  insertImage: 'Image in the text',
};
type ComposeWords = typeof en;

const ko: ComposeWords = {
  saveTo: '사본을 둘 곳',
  saveUsual: '보낸편지함',
  category: '종류',
  downmail: '전달 방식',
  downmails: { usual: '평소대로', held: '가져갈 때까지 여기 보관', whole: '통째로 보냄' },
  templates: '서식 메일',
  saveAsTemplate: '서식 메일로 저장',
  savedAsTemplate: '서식 메일로 저장했습니다',
  manageTemplates: '서식 메일 모두 보기',
  insertImage: '본문에 그림 넣기',
};

export function useComposeWords(): ComposeWords {
  return { en, ko }[useStore(look, (state) => state.language)];
}
