/** The search box, in both languages of the query language. */
import { look } from '../settings-store.ts';
import { useStore } from '../store.ts';

const en = {
  narrow: 'Only',
  people: 'People',
  words: 'Words',
  suggestions: 'Suggestions',
  attachment: { label: 'With files', form: 'has:attachment' },
  unread: { label: 'Unread', form: 'is:unread' },
  flagged: { label: 'Starred', form: 'is:flagged' },
  week: { label: 'Last 7 days', form: 'newer_than:7d' },
  here: (folder: string): string => `In ${folder}`,
  from: 'from',
  in: 'in',
  inSearch: 'What is searched for',
  without: (form: string): string => `Without ${form}`,
  orders: { desc: 'Newest first', asc: 'Oldest first', relevance: 'Best match first' },
};
export type SearchWords = typeof en;

const ko: SearchWords = {
  narrow: '좁히기',
  people: '사람',
  words: '낱말',
  suggestions: '추천',
  attachment: { label: '첨부 있음', form: '첨부:있음' },
  unread: { label: '안 읽음', form: '상태:안읽음' },
  flagged: { label: '별표', form: '상태:별표' },
  week: { label: '최근 7일', form: '최근:7일' },
  here: (folder) => `${folder}에서`,
  from: '보낸사람',
  in: '폴더',
  inSearch: '찾는 조건',
  without: (form) => `${form} 빼기`,
  orders: { desc: '최신순', asc: '오래된순', relevance: '잘 맞는 순' },
};

export function useSearchWords(): SearchWords {
  return { en, ko }[useStore(look, (state) => state.language)];
}
