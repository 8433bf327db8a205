/** How the mail of one sender is handled, asked from a message of his. */
import { useEffect, useState } from 'react';
import { Dialog } from '../ui/dialog.tsx';
import { toast } from '../ui/toast.tsx';
import { useWords } from '../words/words.ts';
import { people, type Person } from './person.ts';
import { PersonForm } from './person-form.tsx';
import { useSettingsWords } from './words.ts';
import '../css/pages.css';

interface PersonDialogProps {
  readonly address: string;
  readonly onClose: () => void;
}

export function PersonDialog({ address, onClose }: PersonDialogProps) {
  const words = useSettingsWords();
  const { loading } = useWords();
  const [before, setBefore] = useState<Person>();
  useEffect(() => {
    const same = (one: Person) => one.address.toLowerCase() === address.toLowerCase();
    void people().then((all) => setBefore(all.find(same) ?? { address }));
  }, [address]);
  return (
    <Dialog title={words.people.title} onClose={onClose}>
      {before === undefined ? (
        <p className="muted">{loading}</p>
      ) : (
        <PersonForm
          before={before}
          onCancel={onClose}
          onSaved={() => {
            onClose();
            toast(words.saved);
          }}
        />
      )}
    </Dialog>
  );
}
