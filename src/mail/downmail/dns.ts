/** How a domain says in DNS that its people take notifications for granted. */

export const TAKES_NOTIFICATIONS = 'v=DOWNMAIL1';

export function takesNotificationsName(domain: string): string {
  return `_downmail.${domain}`;
}
