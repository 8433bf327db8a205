import { useWords } from '../words/words.ts';
import { Dialog } from './dialog.tsx';

export function KeyHelp({ onClose }: { readonly onClose: () => void }) {
  const words = useWords();
  return (
    <Dialog title={words.keys} onClose={onClose}>
      <dl className="key-help">
        {Object.entries(words.keyHelp).map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{/^[A-Z]$/.test(key) ? `⇧ ${key}` : key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p className="muted">{words.keysHint}</p>
    </Dialog>
  );
}
