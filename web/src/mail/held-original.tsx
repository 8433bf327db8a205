/** On a notification (Downmail): where the mail itself is kept, how far that is proven, and a button that fetches it. */
import { useState } from 'react';
import { ApiError, call, type Message } from '../api.ts';
import { go, route } from '../route.ts';
import { Icon } from '../ui/icon.tsx';
import { mediumDate, size } from '../words/format.ts';
import { useWords } from '../words/words.ts';

export function HeldOriginal({ message }: { readonly message: Message }) {
  const words = useWords();
  const [state, setState] = useState<{ fetching: boolean; failed?: string }>({ fetching: false });
  const { original } = message;
  if (original === null) return null;
  if (original.confidential) return <ConfidentialOriginal original={original} />;
  const { origin, host } = original;
  const elsewhere = origin === 'other-host' || origin === 'gateway';
  const fetchIt = async () => {
    setState({ fetching: true });
    try {
      const body = elsewhere ? { host } : {};
      const { id } = await call<{ id: string }>('POST', `/v1/messages/${message.id}/original`, { body });
      // Where the notification was, if that is still what is shown.
      const { at } = route.state;
      if (at.message === message.id) go({ ...at, message: id }, { replace: true });
    } catch (error) {
      setState({ fetching: false, failed: words.originalError(error instanceof ApiError ? error.code : '') });
    }
  };
  return (
    <div className="notice" role="status">
      <Icon name={origin === 'unproven' ? 'warning' : 'download'} />
      <span>
        {origin === 'unproven'
          ? words.originalUnproven
          : words.originalWaits(size(original.size), mediumDate(original.expires))}
        {elsewhere && ` ${words.originalElsewhere(host)}`}
        {state.failed !== undefined && <strong> {state.failed}</strong>}
      </span>
      {origin !== 'unproven' && (
        <button type="button" className="button small" disabled={state.fetching} onClick={() => void fetchIt()}>
          {state.fetching ? words.originalFetching : elsewhere ? words.originalFetchFrom(host) : words.originalFetch}
        </button>
      )}
    </div>
  );
}

/** It is not fetched: it is read where it is. */
function ConfidentialOriginal({ original }: { readonly original: NonNullable<Message['original']> }) {
  const words = useWords();
  const { origin, host, page, expires } = original;
  const elsewhere = origin === 'other-host' || origin === 'gateway';
  return (
    <div className="notice" role="status">
      <Icon name={page === null ? 'warning' : 'download'} />
      <span>
        {page === null ? words.originalUnproven : words.originalConfidential(mediumDate(expires))}
        {elsewhere && ` ${words.originalElsewhere(host)}`}
      </span>
      {page !== null && (
        <a className="button small" href={page} target="_blank" rel="noopener noreferrer">
          {words.originalPage}
        </a>
      )}
    </div>
  );
}
