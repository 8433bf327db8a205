/** How one hears of new mail without looking. */
import { PagerSection } from './pager.tsx';

export function Notifications() {
  return <PagerSection />;
}
