/** Above the list: that there is no connection, and what waits for one. */
import { useStore } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { useWords } from '../words/words.ts';
import { connection } from './events.ts';
import { waiting } from './waiting.ts';
import { useMailWords } from './words.ts';

export function Offline() {
  const words = useWords();
  const own = useMailWords();
  const live = useStore(connection, (state) => state.live);
  const items = useStore(waiting, (state) => state.items);
  if (live && items.length === 0) return null;
  const mails = items.filter(({ kind }) => kind === 'mail').length;
  return (
    <p className="offline" role="status">
      <Icon name={live ? 'clock' : 'warning'} /> {!live && words.offline}{' '}
      {items.length > 0 && own.waiting(items.length - mails, mails)}
    </p>
  );
}
