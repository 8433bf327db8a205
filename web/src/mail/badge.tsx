/** What the service found out about who sent it, in a word. */
import type { Message } from '../api.ts';
import { Icon } from '../ui/icon.tsx';
import { useWords } from '../words/words.ts';

export function Badge({ message }: { readonly message: Message }) {
  const words = useWords();
  const found = message.authentication;
  // Mail from here was not checked: its sender had signed in.
  if (found === null) return null;
  const domain = message.from[0]?.address.split('@').at(-1)?.toLowerCase() ?? '';
  const aligned = (one: string) =>
    one !== '' && (domain === one || domain.endsWith(`.${one}`) || one.endsWith(`.${domain}`));
  const signed = found.dkim.some((one) => one.result === 'pass' && aligned(one.domain.toLowerCase()));
  const state =
    found.dmarc.result === 'fail' ? 'forged' : found.dmarc.result === 'pass' || signed ? 'verified' : 'unverified';
  const hint = state === 'unverified' ? words.unverifiedHint : words[`${state}Hint`](domain);
  return (
    <span className={`badge ${state}`} title={hint}>
      <Icon name={state === 'forged' ? 'warning' : state === 'verified' ? 'shield' : 'help'} />
      {words[state]}
      <span className="hidden">. {hint}</span>
    </span>
  );
}
