/** How one hears of new mail without looking. */
import { PagerSection } from './pager.tsx';
import { PushSection } from './push.tsx';

export function Notifications() {
  return (
    <>
      <PushSection />
      <PagerSection />
    </>
  );
}
