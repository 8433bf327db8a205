/** All rules, in the order in which they run. */
import { useState } from 'react';
import { call } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { mailbox } from '../mail/mailbox.ts';
import { useStore } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { toast } from '../ui/toast.tsx';
import { useWords } from '../words/words.ts';
import { ApplyDialog } from './apply-rules.tsx';
import { useConfirmed } from './confirm.tsx';
import { Loaded, Section, useResource } from './resource.tsx';
import { folderNames, type NewRule, type Rule, summary } from './rule.ts';
import { BLANK, RuleForm } from './rule-form.tsx';
import { useSettingsWords } from './words.ts';

type Rules = readonly Rule[];

export function RulesPage() {
  const words = useSettingsWords();
  const { undo } = useWords();
  const rules = useResource<{ items: Rules }>('/v1/rules');
  const [editing, setEditing] = useState<(NewRule & { id?: string }) | undefined>();
  const { ask, question } = useConfirmed();
  /** '': all of them. */
  const [applying, setApplying] = useState<string | undefined>();

  const put = async (items: Rules) => {
    const before = rules.value;
    rules.set({ items });
    try {
      const body = { items: items.map(wireOf) };
      rules.set(await ask(() => call<{ items: Rules }>('PUT', '/v1/rules', { body })));
    } catch (error) {
      if (before !== undefined) rules.set(before);
      failed(error);
    }
  };
  const moved = (items: Rules, from: number, by: number): Rules => {
    const without = items.filter((_, i) => i !== from);
    return without.toSpliced(from + by, 0, ...items.slice(from, from + 1));
  };
  const remove = (items: Rules, rule: Rule) => {
    void put(items.filter((one) => one !== rule)).then(() =>
      toast(words.rules.removed, { label: undo, act: () => void put(items) }),
    );
  };

  if (editing !== undefined)
    return (
      <RuleForm
        before={editing}
        onCancel={() => setEditing(undefined)}
        onSaved={() => {
          setEditing(undefined);
          toast(words.saved);
          rules.load();
        }}
      />
    );
  return (
    <Section intro={words.rules.intro}>
      <Loaded of={rules}>
        {({ items }) => (
          <>
            {items.length === 0 && <p className="muted">{words.rules.emptyHint}</p>}
            <ol className="items">
              {items.map((rule, i) => (
                <RuleRow
                  key={rule.id}
                  rule={rule}
                  onToggle={() =>
                    void put(items.map((one) => (one === rule ? { ...one, enabled: !one.enabled } : one)))
                  }
                  onUp={i === 0 ? undefined : () => void put(moved(items, i, -1))}
                  onDown={i === items.length - 1 ? undefined : () => void put(moved(items, i, 1))}
                  onEdit={() => setEditing(rule)}
                  onApply={() => setApplying(rule.id)}
                  onRemove={() => remove(items, rule)}
                />
              ))}
            </ol>
            <div className="save-row start">
              <button type="button" className="button primary" onClick={() => setEditing(BLANK)}>
                <Icon name="plus" /> {words.rules.newRule}
              </button>
              {items.some(({ enabled }) => enabled) && (
                <button type="button" className="button" onClick={() => setApplying('')}>
                  {words.rules.applyAll}
                </button>
              )}
            </div>
            {question}
            {applying !== undefined && (
              <ApplyDialog rule={applying || undefined} onClose={() => setApplying(undefined)} />
            )}
          </>
        )}
      </Loaded>
    </Section>
  );
}

/** A folder that is gone cannot be named again: the rule keeps what it can. */
function wireOf(rule: Rule): Rule {
  return { ...rule, actions: rule.actions.filter((action) => !('folder' in action) || action.folder !== null) };
}

interface RuleRowProps {
  readonly rule: Rule;
  readonly onToggle: () => void;
  readonly onUp: (() => void) | undefined;
  readonly onDown: (() => void) | undefined;
  readonly onEdit: () => void;
  readonly onApply: () => void;
  readonly onRemove: () => void;
}

function RuleRow({ rule, onToggle, onUp, onDown, onEdit, onApply, onRemove }: RuleRowProps) {
  const all = useSettingsWords();
  const words = all.rules;
  const shared = useWords();
  const folders = useStore(mailbox, (state) => state.folders);
  const name = rule.name || words.nameless;
  const tool = (label: string, icon: Parameters<typeof Icon>[0]['name'], act: (() => void) | undefined) => (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      disabled={act === undefined}
      onClick={act}
    >
      <Icon name={icon} />
    </button>
  );
  return (
    <li className={rule.enabled ? '' : 'off'}>
      <input type="checkbox" checked={rule.enabled} aria-label={words.toggle(name)} onChange={onToggle} />
      <span className="grow">
        <strong>{name}</strong>
        <small className="muted">{summary(rule, words, folderNames(folders, shared, words.folderGone))}</small>
      </span>
      <span className="row-tools">
        {tool(words.up(name), 'up', onUp)}
        {tool(words.down(name), 'down', onDown)}
        {tool(words.applyOne(name), 'archive', onApply)}
        {tool(words.edit(name), 'compose', onEdit)}
        {tool(`${all.remove}: ${name}`, 'trash', onRemove)}
      </span>
    </li>
  );
}
