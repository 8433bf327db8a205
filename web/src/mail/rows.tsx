/** The rows in view, out of as many as there are: each has its place by arithmetic, so 100,000 cost no more than 20. */
import { type MouseEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { look } from '../settings-store.ts';
import { useStore } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { displayName, initial, mediumDate, names, shortDate } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import * as actions from './actions.ts';
import { drag } from './folder-actions.ts';
import { participants } from './grouping.ts';
import { LabelChips } from './label-chips.tsx';
import {
  allOf,
  conversationOf,
  ensure,
  mailbox,
  messageOf,
  rowAt,
  rowOf,
  selectRange,
  setCurrent,
  snippetOf,
  toggleSelected,
} from './mailbox.ts';
import { useMailWords } from './words.ts';

/** Pixels, as in the style sheet. */
const HEIGHTS = { comfortable: 82, compact: 60 } as const;
const BEYOND = 6;

interface RowsProps {
  readonly label: string;
  readonly open: string | undefined;
  readonly onOpen: (id: string) => void;
  /** Lists of one's own mail say whom it went to. */
  readonly ofSent: boolean;
}

export function Rows({ label, open, onOpen, ofSent }: RowsProps) {
  const { total, state, current, selected, list } = useStore(mailbox, (s) => s);
  const rowHeight = HEIGHTS[useStore(look, ({ density }) => density)];
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, []);

  // Another list begins at its top.
  useEffect(() => {
    if (scroller.current !== null) scroller.current.scrollTop = 0;
  }, [list]);

  const rows = state === 'loading' ? 12 : total;
  const from = Math.max(0, Math.floor(view.top / rowHeight) - BEYOND);
  const to = Math.min(rows - 1, Math.ceil((view.top + view.height) / rowHeight) + BEYOND);
  useEffect(() => {
    // Who drags the bar through thousands wants what is under it when it rests.
    const timer = setTimeout(() => void ensure(from, to), 60);
    return () => clearTimeout(timer);
  }, [from, to, total]);

  // The row that keys act on stays in view.
  const watched = open ?? current;
  useEffect(() => {
    const element = scroller.current;
    const row = watched === undefined ? -1 : rowOf(watched);
    if (element === null || row < 0) return;
    const top = row * rowHeight;
    const bottom = top + rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight;
  }, [watched, rowHeight]);

  const shown = [];
  for (let row = from; row <= to; row++) {
    const id = rowAt(row);
    shown.push(
      <Row
        key={id ?? `hole-${row}`}
        row={row}
        top={row * rowHeight}
        id={id}
        selected={id !== undefined && selected.has(id)}
        selecting={selected.size > 0}
        current={id !== undefined && id === current}
        open={id !== undefined && id === open}
        ofSent={ofSent}
        onOpen={onOpen}
      />,
    );
  }
  return (
    <div
      ref={scroller}
      className="rows"
      role="grid"
      aria-label={label}
      aria-rowcount={total}
      aria-multiselectable="true"
      aria-busy={state === 'loading'}
      tabIndex={0}
    >
      <div className="rows-inside" role="rowgroup" style={{ height: rows * rowHeight }}>
        {shown}
      </div>
    </div>
  );
}

interface RowProps {
  readonly row: number;
  /** Pixels. */
  readonly top: number;
  readonly id: string | undefined;
  readonly selected: boolean;
  readonly selecting: boolean;
  readonly current: boolean;
  readonly open: boolean;
  readonly ofSent: boolean;
  readonly onOpen: (id: string) => void;
}

function Row({ row, top, id, selected, selecting, current, open, ofSent, onOpen }: RowProps) {
  const words = useWords();
  const own = useMailWords();
  const message = useStore(mailbox, () => (id === undefined ? undefined : messageOf(id)));
  const place = { transform: `translateY(${top}px)` };
  if (id === undefined || message === undefined)
    return (
      <div className="row hole" style={place} aria-hidden="true">
        <span className="face" />
        <span className="bar" />
        <span className="bar" />
      </div>
    );
  const who = ofSent ? message.to : message.from;
  const { letter, colour } = initial(who[0]);
  const conversation = conversationOf(id);
  const said = ofSent
    ? names(who)
    : conversation && conversation.people.length > 0
      ? participants(conversation.people)
      : who.map(displayName).join(', ');
  const isUnread = conversation === undefined ? !message.read : conversation.unread > 0;
  const click = (event: MouseEvent) => {
    if (event.shiftKey) {
      getSelection()?.removeAllRanges();
      selectRange(id);
    } else if (event.ctrlKey || event.metaKey) toggleSelected(id);
    else return onOpen(id);
    setCurrent(id);
  };
  const state = [
    'row',
    isUnread && 'unread',
    selected && 'selected',
    selecting && 'selecting',
    current && 'current',
    open && 'open',
  ];
  return (
    <div
      className={state.filter(Boolean).join(' ')}
      style={place}
      role="row"
      aria-rowindex={row + 1}
      aria-selected={selected}
      onClick={click}
      draggable
      onDragStart={(event) => drag(event.dataTransfer, allOf(selected ? [...mailbox.state.selected] : [id]))}
    >
      <span role="gridcell">
        <button
          type="button"
          className={`face c${colour}`}
          role="checkbox"
          aria-checked={selected}
          aria-label={`${words.select}: ${said}`}
          tabIndex={-1}
          onClick={(event) => {
            event.stopPropagation();
            if (event.shiftKey) selectRange(id);
            else toggleSelected(id);
            setCurrent(id);
          }}
        >
          <span className="letter">{letter}</span>
          <Icon name="check" />
        </button>
      </span>
      <span role="gridcell" className="row-text">
        <span className="row-line">
          <span className="who">{said === '' ? words.nobody : said}</span>
          {conversation !== undefined && conversation.total > 1 && (
            <span className="count" title={words.conversation(conversation.total)}>
              {conversation.total}
            </span>
          )}
          {message.answered && <Icon name="reply" />}
          {message.hasAttachment && <Icon name="attach" />}
          {message.snoozedUntil === undefined ? (
            <time dateTime={message.received} className="when">
              {shortDate(message.received)}
            </time>
          ) : (
            <time
              dateTime={message.snoozedUntil}
              className="when"
              title={own.comesBack(mediumDate(message.snoozedUntil))}
            >
              <Icon name="clock" /> {shortDate(message.snoozedUntil)}
            </time>
          )}
        </span>
        <span className="row-line">
          <span className="subject">{message.damaged ? words.damaged : message.subject || words.noSubject}</span>
          <LabelChips keywords={message.keywords} />
        </span>
        <span className="row-line">
          <Preview id={id} text={message.preview} />
        </span>
      </span>
      <span role="gridcell" className="row-star">
        <button
          type="button"
          className={message.flagged ? 'star on' : 'star'}
          aria-label={message.flagged ? words.unstar : words.star}
          aria-pressed={message.flagged}
          tabIndex={-1}
          onClick={(event) => {
            event.stopPropagation();
            actions.toggleStar([id]);
          }}
        >
          <Icon name="star" filled={message.flagged} />
        </button>
      </span>
    </div>
  );
}

/** What was searched for stands out where it was found. */
function Preview({ id, text }: { readonly id: string; readonly text: string }) {
  const found = snippetOf(id);
  if (found === undefined) return <span className="preview">{text}</span>;
  const pieces = [];
  let at = 0;
  for (const [start, end] of found.hits) {
    pieces.push(found.text.slice(at, start), <mark key={start}>{found.text.slice(start, end)}</mark>);
    at = end;
  }
  return (
    <span className="preview">
      {pieces}
      {found.text.slice(at)}
    </span>
  );
}
