/** Messages that one operation changes at most, where it may be done in parts. */
export const MOST_MESSAGES = 10_000;

export function inParts<T>(all: readonly T[]): (readonly T[])[] {
  if (all.length <= MOST_MESSAGES) return [all];
  const parts: T[][] = [];
  for (let i = 0; i < all.length; i += MOST_MESSAGES) parts.push(all.slice(i, i + MOST_MESSAGES));
  return parts;
}
