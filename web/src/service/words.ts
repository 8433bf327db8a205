import { look } from '../settings-store.ts';
import { useStore } from '../store.ts';
import { en, type ServiceWords } from './words-en.ts';
import { ko } from './words-ko.ts';

export type { ServiceWords } from './words-en.ts';

export function useServiceWords(): ServiceWords {
  return { en, ko }[useStore(look, (state) => state.language)];
}

export type QueueName = keyof ServiceWords['queueNames'];
export type FlowStep = keyof ServiceWords['flow']['names'];
export type FlowKind = keyof ServiceWords['flow']['kinds'];
