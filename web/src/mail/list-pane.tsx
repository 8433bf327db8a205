/** The list's head (what is shown, what is selected) over its rows. */
import type { Folder } from '../api.ts';
import type { Order } from '../mailbox-view.tsx';
import type { Route } from '../route.ts';
import { type SearchOrder, SearchTerms } from '../search/search-terms.tsx';
import { useStore } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { Menu } from '../ui/menu.tsx';
import { useWords } from '../words/words.ts';
import * as actions from './actions.ts';
import {
  allOf,
  conversationOf,
  type Filter,
  knownIds,
  mailbox,
  messageOf,
  reload,
  select,
  type Sort,
} from './mailbox.ts';
import { Rows } from './rows.tsx';
import { useMailWords } from './words.ts';

interface ListPaneProps {
  readonly at: Route;
  readonly folder: Folder | undefined;
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
  /** Of what a search finds. */
  readonly ranked: SearchOrder;
  readonly onRanked: (order: SearchOrder) => void;
  readonly grouped: boolean;
  readonly onGrouped: (wanted: boolean) => void;
  readonly open: string | undefined;
  readonly onOpen: (id: string) => void;
  readonly onAsk: (what: Question) => void;
}

export type Question = 'move' | 'snooze' | 'label';

const SORTS: readonly Sort[] = ['date', 'from', 'subject', 'size'];

export function ListPane(props: ListPaneProps) {
  const { at, folder, order, onOrder, grouped, onGrouped, open, onOpen, onAsk } = props;
  const words = useWords();
  const { state, error, total, selected } = useStore(mailbox, (s) => s);
  const isSearch = at.view === 'search';
  const filterNames = { all: words.all, unread: words.unread, flagged: words.starred, attachment: words.withFiles };
  const title = isSearch ? words.resultsFor(at.what) : words.folderName(folder ?? { role: at.what, name: words.mail });

  return (
    <>
      {selected.size > 0 ? (
        <>
          <h1 className="hidden">{title}</h1>
          <SelectionBar selected={selected} folder={folder} onAsk={onAsk} />
        </>
      ) : (
        <div className="list-head">
          <div className="list-title">
            <h1>{title}</h1>
            {state === 'ready' && (
              <span className="muted">{words.messageCount(grouped && folder && !isSearch ? folder.total : total)}</span>
            )}
          </div>
          {isSearch && <SearchTerms order={props.ranked} onOrder={props.onRanked} />}
          {!isSearch && (
            <div className="filters" role="group" aria-label={words.messages}>
              {(['all', 'unread', 'flagged', 'attachment'] as const).map((filter: Filter) => (
                <button
                  key={filter}
                  type="button"
                  className="chip"
                  aria-pressed={order.filter === filter}
                  onClick={() => onOrder({ ...order, filter })}
                >
                  {filterNames[filter]}
                </button>
              ))}
              <button type="button" className="chip" aria-pressed={grouped} onClick={() => onGrouped(!grouped)}>
                {words.byConversation}
              </button>
              <Menu
                label={words.sortBy}
                button={<Icon name="sort" />}
                groups={[
                  SORTS.map((sort) => ({
                    label: words.sorts[sort],
                    checked: order.sort === sort,
                    act: () => onOrder({ ...order, sort, order: sort === 'date' || sort === 'size' ? 'desc' : 'asc' }),
                  })),
                  (['desc', 'asc'] as const).map((direction) => ({
                    label: words.orders[direction],
                    checked: order.order === direction,
                    act: () => onOrder({ ...order, order: direction }),
                  })),
                ]}
              />
            </div>
          )}
        </div>
      )}
      {state === 'error' && (
        <div className="nothing" role="alert">
          <Icon name="warning" />
          <h2>{words.listFailed}</h2>
          <p>{words.error(error)}</p>
          <button type="button" className="button" onClick={reload}>
            {words.tryAgain}
          </button>
        </div>
      )}
      {state === 'ready' && total === 0 && (
        <Nothing isSearch={isSearch} folder={folder} filtered={order.filter !== 'all'} />
      )}
      {state !== 'error' && (state === 'loading' || total > 0) && (
        <Rows label={title} open={open} onOpen={onOpen} ofSent={folder?.role === 'sent' || folder?.role === 'drafts'} />
      )}
    </>
  );
}

function Nothing(props: {
  readonly isSearch: boolean;
  readonly folder: Folder | undefined;
  readonly filtered: boolean;
}) {
  const words = useWords();
  const { isSearch, folder, filtered } = props;
  const [icon, title, hint] = isSearch
    ? (['search', words.nothingFound, words.nothingFoundHint] as const)
    : filtered
      ? (['check', words.emptyFilter, words.emptyFilterHint] as const)
      : folder?.role === 'inbox'
        ? (['check', words.emptyInbox, words.emptyInboxHint] as const)
        : (['folder', words.emptyFolder, words.emptyFolderHint] as const);
  return (
    <div className="nothing" role="status">
      <Icon name={icon} />
      <h2>{title}</h2>
      <p>{hint}</p>
    </div>
  );
}

interface SelectionProps {
  readonly selected: ReadonlySet<string>;
  readonly folder: Folder | undefined;
  readonly onAsk: (what: Question) => void;
}

function SelectionBar({ selected, folder, onAsk }: SelectionProps) {
  const words = useWords();
  const own = useMailWords();
  const rows = [...selected];
  const ids = allOf(rows);
  const anyUnread = rows.some((id) => (conversationOf(id)?.unread ?? 0) > 0 || messageOf(id)?.read === false);
  const act = (label: string, icon: Parameters<typeof Icon>[0]['name'], run: () => void) => (
    <button key={label} type="button" className="icon-button" aria-label={label} title={label} onClick={run}>
      <Icon name={icon} />
    </button>
  );
  return (
    <div className="list-head selection" role="toolbar" aria-label={words.selectedCount(selected.size)}>
      {act(words.selectNone, 'close', () => select([]))}
      <strong>{words.selectedCount(selected.size)}</strong>
      <span className="grow" />
      {act(words.selectAll, 'check', () => select(knownIds()))}
      {folder?.role === 'trash'
        ? act(own.restore, 'back', () => actions.restore(ids))
        : act(words.archive, 'archive', () => actions.archive(ids))}
      {act(folder?.role === 'trash' ? words.deleteForEver : words.delete, 'trash', () => actions.remove(ids))}
      {act(words.moveTo, 'move', () => onAsk('move'))}
      {act(own.snooze, 'clock', () => onAsk('snooze'))}
      {act(own.labelAs, 'label', () => onAsk('label'))}
      {act(anyUnread ? words.markRead : words.markUnread, anyUnread ? 'read' : 'unread', () =>
        actions.mark(ids, { read: anyUnread }),
      )}
      {act(words.star, 'star', () => actions.toggleStar(rows))}
    </div>
  );
}
