/** The words of a mail as the Bayes filter counts them: each once, as a hash, with where it stood. */
import { extensionOf } from '../../mail/malware/executable.ts';
import { fold } from '../../mail/search/fold.ts';
import { tokenise } from '../../mail/search/tokens.ts';
import type { MailText } from './mail-text.ts';

/** A mail of very many words says no more than its first ones, and pushes out what others said. */
const MOST_TOKENS = 800;
const LOOKED_AT = 16_000;

export function tokensOf({ envelope, text, links, files, header }: MailText): Set<number> {
  const tokens = new Set<number>();
  const add = (place: string, word: string): void => {
    if (tokens.size < MOST_TOKENS) tokens.add(hashOf(`${place} ${word}`));
  };
  for (const { address, name } of envelope.from) {
    add('from', address.toLowerCase());
    add('domain', address.slice(address.lastIndexOf('@') + 1).toLowerCase());
    words(name, (word) => add('name', word));
  }
  for (const { host } of links) add('link', host.split('.').slice(-3).join('.'));
  for (const { filename, type, subtype } of files) add('file', `${type}/${subtype} ${extensionOf(filename)}`);
  add('mailer', (header.first('x-mailer') ?? header.first('user-agent') ?? '').slice(0, 40));
  words(envelope.subject, (word) => add('subject', word));
  words(text.slice(0, LOOKED_AT), (word) => add('', word));
  return tokens;
}

function words(text: string, take: (word: string) => void): void {
  tokenise(fold(text), (word) => {
    if (word.length > 1 && word.length <= 40) take(word);
  });
}

/** FNV-1a, 32 bits. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
