/** Names of folders and keywords: what may be in them, and how long they may be. */
import { MailError } from '../mail/error.ts';

export const FOLDER_LIMITS = { levels: 32, nameBytes: 255, folders: 10_000, subscriptions: 10_000, description: 1000 };
export const KEYWORD_LIMITS = { length: 100, perMessage: 100, perFolder: 1000 };

export const SEPARATOR = '/';

/** Levels of a path, as they are stored: NFC, INBOX in capitals. `folder-name` when it cannot be one. */
export function pathLevels(path: string): string[] {
  if (path.length > FOLDER_LIMITS.levels * (FOLDER_LIMITS.nameBytes + 1)) throw badName('too long');
  const names = path.split(SEPARATOR);
  if (names.length > FOLDER_LIMITS.levels) throw badName(`more than ${FOLDER_LIMITS.levels} levels`);
  const levels = names.map(folderName);
  if (levels[0]!.toUpperCase() === 'INBOX') levels[0] = 'INBOX';
  return levels;
}

/** The same of a folder that is made, or gets this name: not one that stands for somebody else's folders (`~address/...`, ADR 7). */
export function ownLevels(path: string): string[] {
  const levels = pathLevels(path);
  if (/^~.*@/.test(levels[0]!)) throw badName('it would be that of somebody else');
  return levels;
}

/** The path as it is stored. */
export function canonicalPath(path: string): string {
  return pathLevels(path).join(SEPARATOR);
}

function folderName(name: string): string {
  if (!name.isWellFormed()) throw badName('not Unicode');
  const normal = name.normalize('NFC');
  if (normal === '') throw badName('a level without a name');
  if (Buffer.byteLength(normal) > FOLDER_LIMITS.nameBytes) throw badName(`more than ${FOLDER_LIMITS.nameBytes} bytes`);
  if (hasControl(normal)) throw badName('a control character');
  return normal;
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c === 0x2028 || c === 0x2029 || c === 0xfffe || c === 0xffff)
      return true;
  }
  return false;
}

function badName(why: string): MailError {
  return new MailError('folder-name', 'user', `not a folder name: ${why}`);
}

// An IMAP atom (RFC 9051 §9) that does not begin with a backslash; the same that JMAP allows (RFC 8621 §4.1.1).
const KEYWORD = /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]+$/;

/**
 * Keywords as a folder spells them: the first spelling it saw counts, whatever the case. Sorted, each once.
 * `syntax` for what is no keyword, `limit` for too many.
 */
export function folderKeywords(keywords: readonly string[], known: readonly string[]): readonly string[] {
  if (keywords.length === 0) return keywords;
  const found = new Map<string, string>();
  let fresh = 0;
  for (const keyword of keywords) {
    const lower = keyword.toLowerCase();
    if (found.has(lower)) continue;
    const spelled = known.includes(keyword) ? keyword : known.find((k) => k.toLowerCase() === lower);
    if (spelled === undefined) {
      if (keyword.length > KEYWORD_LIMITS.length || !KEYWORD.test(keyword))
        throw new MailError(
          'syntax',
          'syntax',
          `not a keyword: ${JSON.stringify(keyword.slice(0, KEYWORD_LIMITS.length))}`,
        );
      fresh++;
    }
    found.set(lower, spelled ?? keyword);
  }
  if (found.size > KEYWORD_LIMITS.perMessage)
    throw new MailError('limit', 'user', `more than ${KEYWORD_LIMITS.perMessage} keywords for a message`);
  if (fresh > 0 && known.length + fresh > KEYWORD_LIMITS.perFolder)
    throw new MailError('limit', 'user', `more than ${KEYWORD_LIMITS.perFolder} keywords in a folder`);
  return [...found.values()].sort();
}
