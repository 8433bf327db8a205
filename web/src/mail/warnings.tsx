/** What the reader of a mail is to be careful of, in plain words. */
import type { Message } from '../api.ts';
import { Icon } from '../ui/icon.tsx';
import { useWords, type Words } from '../words/words.ts';

export function Warnings({ message }: { readonly message: Message }) {
  const words = useWords();
  const { warnings } = message;
  if (!isWarned(message)) return null;
  return (
    <div className="notice danger" role="alert">
      <Icon name="warning" />
      <div>
        <strong>{words.beCareful}</strong>
        <ul>
          {warnings.map(({ code, what, like }) => (
            <li key={code}>{words.warning[code](what, like)}</li>
          ))}
        </ul>
      </div>
    </div>
  );
}

/** Of a mail of which its reader is warned, each link is asked about; that of HTML is shown on a page of the service. */
export function leavingQuestion(message: Message, words: Words): { readonly mayLeave?: (href: string) => boolean } {
  if (!isWarned(message)) return {};
  return { mayLeave: (href) => confirm(words.leaveFor(hostOf(href), href)) };
}

function isWarned({ warnings }: Message): boolean {
  return warnings.some(({ level }) => level === 'warning');
}

function hostOf(href: string): string {
  return URL.canParse(href) ? new URL(href).hostname : href;
}
