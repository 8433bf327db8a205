/** One rule: when it holds, and what is done then. */
import { type FormEvent, type ReactNode, useState } from 'react';
import { call } from '../api.ts';
import { codeOf, mailbox } from '../mail/mailbox.ts';
import { useStore } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { useWords } from '../words/words.ts';
import { useConfirmed } from './confirm.tsx';
import { Check, Choice, Field, SaveRow, Section } from './resource.tsx';
import {
  type Action,
  actionFor,
  type Comparison,
  type Condition,
  conditionFor,
  type Doing,
  doingOf,
  folderNames,
  type NewRule,
  type Rule,
} from './rule.ts';
import { useSettingsWords } from './words.ts';

export const BLANK: NewRule = {
  name: '',
  enabled: true,
  match: 'all',
  conditions: [{ field: 'sender', comparison: 'contains', value: '' }],
  actions: [],
  stop: true,
};

interface RuleFormProps {
  readonly before: NewRule & { readonly id?: string };
  readonly onSaved: (rule: Rule) => void;
  readonly onCancel: () => void;
}

function replaced<T>(list: readonly T[], at: number, by: T): readonly T[] {
  return list.map((one, i) => (i === at ? by : one));
}

export function RuleForm({ before, onSaved, onCancel }: RuleFormProps) {
  const all = useSettingsWords();
  const words = all.rules;
  const shared = useWords();
  const [{ id, ...rule }, setRule] = useState(before);
  const [busy, setBusy] = useState(false);
  const [complaint, setComplaint] = useState('');
  const { ask, question } = useConfirmed();
  const change = (more: Partial<NewRule>) => setRule({ ...rule, ...(id !== undefined && { id }), ...more });
  const { name, match, conditions, actions, stop } = rule;

  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (actions.length === 0) return setComplaint(words.nothingToDo);
    if (actions.some((action) => 'folder' in action && action.folder === null)) return setComplaint(words.folderGone);
    setBusy(true);
    try {
      const path = id === undefined ? '/v1/rules' : `/v1/rules/${id}`;
      const kept = await ask(() => call<Rule>(id === undefined ? 'POST' : 'PUT', path, { body: rule }));
      onSaved({ ...kept, id: id ?? kept.id });
    } catch (error) {
      setBusy(false);
      setComplaint(shared.error(codeOf(error)));
    }
  };
  return (
    <>
      <form className="rule-form" onSubmit={(event) => void save(event)}>
        <Section title={id === undefined ? words.newRule : words.edit(before.name || words.nameless)}>
          <Field label={words.name}>
            <input autoFocus value={name} maxLength={200} onChange={(event) => change({ name: event.target.value })} />
          </Field>
        </Section>
        <Section title={words.when}>
          {conditions.length > 1 && (
            <Choice<NewRule['match']>
              label={words.when}
              value={match}
              options={words.match}
              onChange={(chosen) => change({ match: chosen })}
            />
          )}
          {conditions.length === 0 && <p>{words.everyMail}</p>}
          {conditions.map((condition, i) => (
            // oxlint-disable-next-line react/no-array-index-key -- they have nothing else
            <RuleLine
              key={i}
              label={`${words.when} ${i + 1}`}
              removeLabel={words.removeCondition}
              onRemove={() => change({ conditions: conditions.filter((one) => one !== condition) })}
            >
              <ConditionFields
                condition={condition}
                onChange={(changed) => change({ conditions: replaced(conditions, i, changed) })}
              />
            </RuleLine>
          ))}
          <button
            type="button"
            className="button small"
            onClick={() => change({ conditions: [...conditions, conditionFor('subject')] })}
          >
            <Icon name="plus" /> {words.addCondition}
          </button>
        </Section>
        <Section title={words.whatThen}>
          {actions.map((action, i) => (
            // oxlint-disable-next-line react/no-array-index-key -- as above
            <RuleLine
              key={i}
              label={`${words.whatThen} ${i + 1}`}
              removeLabel={words.removeAction}
              onRemove={() => change({ actions: actions.filter((one) => one !== action) })}
            >
              <ActionFields
                action={action}
                onChange={(changed) => change({ actions: replaced(actions, i, changed) })}
              />
            </RuleLine>
          ))}
          <button
            type="button"
            className="button small"
            onClick={() => change({ actions: [...actions, { do: 'move', folder: ownFolder() }] })}
          >
            <Icon name="plus" /> {words.addAction}
          </button>
          <Check label={words.goOn} checked={!stop} onChange={(on) => change({ stop: !on })} />
        </Section>
        <SaveRow busy={busy} complaint={complaint}>
          <button type="button" className="button" onClick={onCancel}>
            {all.cancel}
          </button>
        </SaveRow>
      </form>
      {question}
    </>
  );
}

interface LineProps {
  readonly label: string;
  readonly removeLabel: string;
  readonly onRemove: () => void;
  readonly children: ReactNode;
}

function RuleLine({ label, removeLabel, onRemove, children }: LineProps) {
  return (
    <div className="rule-line" role="group" aria-label={label}>
      {children}
      <button type="button" className="icon-button" aria-label={removeLabel} onClick={onRemove}>
        <Icon name="close" />
      </button>
    </div>
  );
}

/** The first one that somebody made, else the archive. */
function ownFolder(): string | null {
  const { folders } = mailbox.state;
  return (folders.find(({ role }) => role === null) ?? folders.find(({ role }) => role === 'archive'))?.id ?? null;
}

interface ConditionProps {
  readonly condition: Condition;
  readonly onChange: (condition: Condition) => void;
}

function ConditionFields({ condition, onChange }: ConditionProps) {
  const words = useSettingsWords().rules;
  const { field, not = false } = condition;
  const what = (
    <Choice<Condition['field']>
      label={words.field}
      value={field}
      options={words.fields}
      onChange={(chosen) => onChange(conditionFor(chosen))}
    />
  );
  if (condition.field === 'attachment')
    return (
      <>
        {what}
        <Choice<'yes' | 'no'>
          label={words.comparison}
          value={not ? 'no' : 'yes'}
          options={words.attachments}
          onChange={(chosen) => onChange({ field: 'attachment', ...(chosen === 'no' && { not: true }) })}
        />
      </>
    );
  const comparisons =
    condition.field === 'size' ? (['over', 'under'] as const) : (['contains', 'is', 'matches'] as const);
  const how = (
    <Field label={words.comparison}>
      <select
        value={`${condition.comparison}${not ? ' not' : ''}`}
        onChange={(event) => {
          const [comparison, negated] = event.target.value.split(' ');
          const { not: _not, ...rest } = condition;
          onChange({ ...rest, comparison: comparison as Comparison, ...(negated && { not: true }) } as Condition);
        }}
      >
        {comparisons.flatMap((one) => [
          <option key={one} value={one}>
            {words.comparisons[one]}
          </option>,
          <option key={`${one} not`} value={`${one} not`}>
            {words.opposite[one]}
          </option>,
        ])}
      </select>
    </Field>
  );
  return (
    <>
      {what}
      {how}
      {condition.field === 'size' ? (
        <Field label={words.kilobytes}>
          <input
            type="number"
            min={1}
            max={2_000_000}
            required
            value={Math.round(condition.bytes / 1_000)}
            onChange={(event) => onChange({ ...condition, bytes: (event.target.valueAsNumber || 1) * 1_000 })}
          />
        </Field>
      ) : (
        <Field label={words.value}>
          <input
            required
            maxLength={1000}
            value={condition.value}
            onChange={(event) => onChange({ ...condition, value: event.target.value })}
          />
        </Field>
      )}
    </>
  );
}

interface ActionProps {
  readonly action: Action;
  readonly onChange: (action: Action) => void;
}

function ActionFields({ action, onChange }: ActionProps) {
  const words = useSettingsWords().rules;
  const shared = useWords();
  const folders = useStore(mailbox, (state) => state.folders);
  const nameOf = folderNames(folders, shared, words.folderGone);
  return (
    <>
      <Choice<Doing>
        label={words.action}
        value={doingOf(action)}
        options={words.actions}
        onChange={(doing) => onChange(actionFor(doing, 'folder' in action ? action.folder : ownFolder()))}
      />
      {'folder' in action && (
        <Field label={words.folder}>
          <select
            value={action.folder ?? ''}
            onChange={(event) => onChange({ ...action, folder: event.target.value || null })}
          >
            {action.folder === null && <option value="">{words.folderGone}</option>}
            {folders.map((folder) => (
              <option key={folder.id} value={folder.id}>
                {nameOf(folder.id)}
              </option>
            ))}
          </select>
        </Field>
      )}
      {action.do === 'forward' && (
        <>
          <Field label={words.address}>
            <input
              type="email"
              required
              maxLength={320}
              value={action.address}
              onChange={(event) => onChange({ ...action, address: event.target.value })}
            />
          </Field>
          <Check label={words.keep} checked={action.keep} onChange={(keep) => onChange({ ...action, keep })} />
        </>
      )}
      {action.do === 'reject' && (
        <Field label={words.reason}>
          <input
            required
            maxLength={2000}
            value={action.reason}
            onChange={(event) => onChange({ ...action, reason: event.target.value })}
          />
        </Field>
      )}
      {action.do === 'keyword' && (
        <Field label={words.keyword}>
          <input
            required
            maxLength={100}
            pattern="[!#$&'+,\-.\/0-9:;<=>?@A-Z\[^_`a-z\|\}~]+"
            value={action.keyword}
            onChange={(event) => onChange({ ...action, keyword: event.target.value })}
          />
        </Field>
      )}
    </>
  );
}
