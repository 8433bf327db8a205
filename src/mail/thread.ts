/** What ties a message to a conversation: message ids (JWZ) and the base subject (RFC 5256 §2.1). */

/** Ids of one field that are kept: the first and the last ones, which say most about the thread. */
export const MAX_REFERENCES = 200;

/**
 * The `<...>` tokens of a Message-ID, In-Reply-To or References value, without duplicates, in order. Text between them
 * (comments, quoted phrases) is skipped, white space inside them removed.
 */
export function messageIds(value: string): string[] {
  const ids: string[] = [];
  const seen = new Set<string>();
  let open = value.indexOf('<');
  while (open >= 0) {
    const close = value.indexOf('>', open + 1);
    if (close < 0) break;
    // `<a <b@c>`: the inner one.
    const start = value.lastIndexOf('<', close);
    const id = withoutBlanks(value.slice(start, close + 1));
    if (id.length > 2 && id.length <= 1000 && !seen.has(id)) {
      seen.add(id);
      ids.push(id);
    }
    open = value.indexOf('<', close + 1);
  }
  if (ids.length > MAX_REFERENCES) ids.splice(MAX_REFERENCES / 2, ids.length - MAX_REFERENCES);
  return ids;
}

function withoutBlanks(id: string): string {
  return /\s/.test(id) ? id.replaceAll(/\s/g, '') : id;
}

/**
 * The messages before this one, oldest first: References, then In-Reply-To when it names another (JWZ step 1). Some
 * programs put addresses into In-Reply-To, so only its first id counts, and only where References says nothing.
 */
export function threadParents(references: readonly string[], inReplyTo: readonly string[]): readonly string[] {
  return references.length > 0 ? references : inReplyTo.slice(0, 1);
}

export interface BaseSubject {
  /** Without `Re:`, `Fwd:`, `[list]` and the like, NFC, lower case. */
  readonly text: string;
  /** Something said that it is an answer or a forward. */
  readonly reply: boolean;
}

const WORDS = ['re', 'fwd', 'fw', 'aw', 'sv', 'vs', 'antw', 'wg', 'tr', '답장', '회신', '전달', '回复', '转发', '答复'];

/** Base subject of a decoded subject (RFC 5256 §2.1; the words of other languages besides). */
export function baseSubject(subject: string): BaseSubject {
  let text = subject.slice(0, 500).normalize('NFC').replaceAll(/\s+/g, ' ').trim();
  let reply = false;
  for (let turn = 0; turn < 100; turn += 1) {
    const before = text;
    while (text.toLowerCase().endsWith('(fwd)')) {
      text = text.slice(0, -5).trimEnd();
      reply = true;
    }
    for (;;) {
      const cut = leaderLength(text);
      if (cut > 0) {
        text = text.slice(cut);
        reply = true;
        continue;
      }
      const blob = blobLength(text);
      if (blob === 0 || blob === text.length) break;
      text = text.slice(blob);
    }
    if (text.toLowerCase().startsWith('[fwd:') && text.endsWith(']')) {
      text = text.slice(5, -1).trim();
      reply = true;
    }
    if (text === before) break;
  }
  return { text: text.toLowerCase(), reply };
}

/** Length of a leading `Re:`, `re[2]:`, `Fwd [x] :` with the blank after it; 0 when there is none. */
function leaderLength(text: string): number {
  let start = 0;
  for (;;) {
    const blob = blobLength(text.slice(start));
    if (blob === 0) break;
    start += blob;
  }
  const lower = text.slice(start, start + 8).toLowerCase();
  // The longest word that fits: `fwd` before `fw`.
  const word = WORDS.find((candidate) => lower.startsWith(candidate));
  if (word === undefined) return 0;
  let i = start + word.length;
  while (text[i] === ' ') i += 1;
  i += blobLength(text.slice(i));
  while (text[i] === ' ') i += 1;
  if (text[i] !== ':' && text[i] !== '：') return 0;
  i += 1;
  while (text[i] === ' ') i += 1;
  return i;
}

/** Length of a leading `[...]` and the blanks after it. */
function blobLength(text: string): number {
  if (text[0] !== '[') return 0;
  const close = text.indexOf(']');
  if (close < 0 || text.lastIndexOf('[', close) > 0) return 0;
  let i = close + 1;
  while (text[i] === ' ') i += 1;
  return i;
}
