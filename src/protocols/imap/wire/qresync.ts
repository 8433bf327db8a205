/** SELECT's parameter QRESYNC (RFC 7162 §3.2.5): `(uidvalidity modseq [known-uids] [(numbers uids)])`. */
import { type Decoder, malformed } from './decoder.ts';
import { LAST, SAVED, type SequenceSet, sequenceSet } from './sequence-set.ts';

export interface Qresync {
  readonly uidValidity: number;
  readonly modseq: number;
  /** What the client knows; undefined: all up to what it has seen. */
  readonly known: SequenceSet | undefined;
  /** It was told which numbers go with which UIDs, too. */
  readonly numbered: boolean;
}

/** After the word. The pairs of numbers and UIDs help servers that do not know exactly what is gone: they are read and not needed. */
export function qresync(d: Decoder): Qresync {
  d.sp().open();
  const uidValidity = d.number();
  const modseq = d.sp().number64();
  if (uidValidity === 0 || modseq === 0) throw malformed('UIDVALIDITY and mod-sequence are at least 1');
  let known: SequenceSet | undefined;
  let numbered = false;
  if (d.take(' ')) {
    if (!d.next('(')) known = knownSet(d);
    numbered = known === undefined || d.take(' ');
    if (numbered) pairs(d);
  }
  d.close();
  return { uidValidity, modseq, known, numbered };
}

function pairs(d: Decoder): void {
  d.open();
  knownSet(d);
  knownSet(d.sp());
  d.close();
}

/** Without `*` and `$`: what is known has numbers. */
function knownSet(d: Decoder): SequenceSet {
  const set = sequenceSet(d);
  if (set === SAVED || set.some((range) => range.includes(LAST))) throw malformed('known numbers expected');
  return set;
}
