/** The CAPABILITY answer: what the registered commands and the codec can do, in the session's present state. */
import type { Capability, CapabilityFacts } from './command.ts';
import { COMMANDS } from './registry.ts';

const CODEC: readonly Capability[] = [
  { word: 'IMAP4rev2', when: () => true },
  { word: 'IMAP4rev1', when: () => true },
  // Before login literals are small (RFC 7888 §5); after it they are what APPENDLIMIT says.
  { word: ({ signedIn }) => (signedIn ? 'LITERAL+' : 'LITERAL-'), when: () => true },
];

export function capabilityWords(facts: CapabilityFacts): string {
  const words = new Set<string>();
  for (const { word, when } of [...CODEC, ...COMMANDS.flatMap((command) => command.capabilities ?? [])]) {
    if (when(facts)) words.add(typeof word === 'string' ? word : word(facts));
  }
  return [...words].join(' ');
}
