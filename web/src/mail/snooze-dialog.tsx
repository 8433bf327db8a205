/** When a message that is put off shall come back: one of the usual times, or another one. */
import { type FormEvent, useState } from 'react';
import { localTime } from '../compose/draft.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { mediumDate } from '../words/format.ts';
import { snoozeTimes } from './snooze-times.ts';
import { useMailWords } from './words.ts';

interface SnoozeDialogProps {
  readonly onChoose: (until: string) => void;
  readonly onClose: () => void;
}

export function SnoozeDialog({ onChoose, onClose }: SnoozeDialogProps) {
  const own = useMailWords();
  const [times] = useState(() => snoozeTimes(new Date()));
  const [other, setOther] = useState(() => localTime(times[0]?.at.getTime() ?? Date.now()));
  const [complaint, setComplaint] = useState('');
  const choose = (at: Date) => {
    onClose();
    onChoose(at.toISOString());
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const at = new Date(other);
    if (!(at.getTime() > Date.now())) return setComplaint(own.snoozePast);
    choose(at);
  };
  return (
    <Dialog title={own.snoozeTitle} onClose={onClose} className="narrow">
      <ul className="choices">
        {times.map(({ name, at }) => (
          <li key={name}>
            <button type="button" onClick={() => choose(at)}>
              <Icon name="clock" />
              <span className="grow">{own.snoozeTimes[name]}</span>
              <time className="muted" dateTime={at.toISOString()}>
                {mediumDate(at.toISOString())}
              </time>
            </button>
          </li>
        ))}
      </ul>
      <form className="one-line" onSubmit={submit}>
        <label className="field">
          <span>{own.snoozeOther}</span>
          <input
            type="datetime-local"
            value={other}
            required
            min={localTime(Date.now())}
            onChange={(event) => setOther(event.target.value)}
          />
        </label>
        <button className="button primary">{own.snooze}</button>
        {complaint !== '' && (
          <p className="complaint" role="alert">
            {complaint}
          </p>
        )}
      </form>
    </Dialog>
  );
}
