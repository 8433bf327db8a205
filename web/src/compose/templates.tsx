/** Mails that others are begun with: the form's menu of them. */
import { useEffect, useState } from 'react';
import { call } from '../api.ts';
import type { Summary } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { folderWith, loadFolders, mailbox } from '../mail/mailbox.ts';
import { go } from '../route.ts';
import { useStore } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { Menu } from '../ui/menu.tsx';
import { toast } from '../ui/toast.tsx';
import { useWords } from '../words/words.ts';
import { close, insertTemplate, saveAsTemplate } from './composing.ts';
import { useComposeWords } from './words.ts';

/** In the menu; the folder has them all. */
const SHOWN = 12;

export function TemplateMenu() {
  const { noSubject } = useWords();
  const own = useComposeWords();
  const folder = useStore(mailbox, () => folderWith('templates'));
  const [items, setItems] = useState<readonly Summary[]>([]);
  const total = folder?.total ?? 0;
  useEffect(() => {
    if (total === 0) return setItems([]);
    call<{ items: Summary[] }>('GET', `/v1/folders/templates/messages?limit=${SHOWN}`)
      .then((page) => setItems(page.items))
      // There is nothing to choose from, then.
      .catch(() => undefined);
  }, [total]);
  const saveIt = () => {
    saveAsTemplate()
      .then(() => {
        toast(own.savedAsTemplate);
        return loadFolders();
      })
      .catch(failed);
  };
  return (
    <Menu
      label={own.templates}
      button={<Icon name="list" />}
      upwards
      groups={[
        items.map(({ id, subject }) => ({
          label: subject || noSubject,
          act: () => void insertTemplate(id).catch(failed),
        })),
        [
          { label: own.saveAsTemplate, icon: 'plus' as const, act: saveIt },
          ...(total > 0
            ? [
                {
                  label: own.manageTemplates,
                  icon: 'folder' as const,
                  act: () => void close().then(() => go({ view: 'folder', what: 'templates' })),
                },
              ]
            : []),
        ],
      ].filter((group) => group.length > 0)}
    />
  );
}
