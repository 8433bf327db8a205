/** A rule as the service takes it, and in words. */
import type { ruleView } from '../../../src/protocols/http/schemas-rules.ts';
import type { Folder, Shape } from '../api.ts';
import type { Words } from '../words/words.ts';
import type { SettingsWords } from './words.ts';

export type Rule = Shape<typeof ruleView>;
export type NewRule = Omit<Rule, 'id'>;
export type Condition = NewRule['conditions'][number];
export type Action = NewRule['actions'][number];
export type Comparison = Extract<Condition, { readonly comparison: unknown }>['comparison'];

/** In a form, importance is two things to do. */
export type Doing = Exclude<Action['do'], 'importance'> | 'important' | 'unimportant';

export const doingOf = (action: Action): Doing =>
  action.do === 'importance' ? (action.importance === 'high' ? 'important' : 'unimportant') : action.do;

/** `folder`: for what needs one. */
export function actionFor(doing: Doing, folder: string | null): Action {
  switch (doing) {
    case 'important':
    case 'unimportant':
      return { do: 'importance', importance: doing === 'important' ? 'high' : 'low' };
    case 'move':
    case 'copy':
      return { do: doing, folder };
    case 'keyword':
      return { do: 'keyword', keyword: '' };
    case 'forward':
      return { do: 'forward', address: '', keep: true };
    case 'reject':
      return { do: 'reject', reason: '' };
    case 'flag':
    case 'read':
    case 'delete':
      return { do: doing };
  }
}

export function conditionFor(field: Condition['field']): Condition {
  if (field === 'size') return { field, comparison: 'over', bytes: 1_000_000 };
  if (field === 'attachment') return { field };
  return { field, comparison: 'contains', value: '' };
}

/** `“Subject” contains x and … → Move to Work`. */
export function summary(
  { match, conditions, actions }: NewRule,
  words: SettingsWords['rules'],
  folderName: (id: string | null) => string,
): string {
  const when = conditions.map((condition) => {
    const { field, not = false } = condition;
    const name = words.fields[field];
    if (condition.field === 'attachment') return `${name} ${words.attachments[not ? 'no' : 'yes']}`;
    const how = (not ? words.opposite : words.comparisons)[condition.comparison];
    const what =
      condition.field === 'size' ? `${Math.round(condition.bytes / 1_000)} ${words.kilobytes}` : condition.value;
    return `${name} ${how} “${what}”`;
  });
  const then = actions.map((action) => {
    const name = words.actions[doingOf(action)];
    if ('folder' in action) return `${name} ${folderName(action.folder)}`;
    if (action.do === 'forward') return `${name} ${action.address}`;
    return action.do === 'keyword' ? `${name} ${action.keyword}` : name;
  });
  const both = when.length === 0 ? words.everyMail : when.join(match === 'all' ? ' + ' : ' / ');
  return `${both} → ${then.join(', ')}`;
}

export function folderNames(folders: readonly Folder[], words: Words, gone: string): (id: string | null) => string {
  return (id) => {
    const folder = folders.find((one) => one.id === id);
    if (folder === undefined) return gone;
    return folder.role === null ? folder.path : words.folderName(folder);
  };
}
