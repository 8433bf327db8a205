/** Reputation hears of what comes later: what the attempts themselves bring it knows already. */
import type { Reputation } from '../reputation.ts';
import type { FeedbackListener } from './worker.ts';

export function noteFeedback(reputation: Pick<Reputation, 'note'>): FeedbackListener {
  return async ({ feedback, source, certain, account, sender, recipients }) => {
    if (source === 'reply' || feedback === 'soft-bounce') return;
    // Whoever has the mail could make it up, until its sender may not send any more.
    if (!certain) return;
    const what = feedback === 'complaint' ? 'complaint' : 'bounced';
    const domain = sender.slice(sender.lastIndexOf('@') + 1);
    for (const [leftFrom, { length: count }] of Map.groupBy(recipients, (recipient) => recipient.source))
      await reputation.note({ what, count, account, domain, ...(leftFrom !== undefined && { source: leftFrom }) });
  };
}
