/** What one IMAP session has been told of the folder it has open, and whether it may have been told so. */

/** Commands in whose answers sequence numbers must hold (RFC 9051 §7.5.1): nothing may be expunged there. */
const KEEPS_NUMBERS = /^(FETCH|STORE|SEARCH)\b/;

/** `1:3,7` */
export function uidsOf(set: string): number[] {
  return set.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split(':').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

export class FolderView {
  readonly #complain: (what: string) => void;
  /** By sequence number - 1; undefined where the UID has not been told yet. */
  #uids: (number | undefined)[] = [];
  readonly #modseqs = new Map<number, number>();
  readonly flags = new Map<number, string>();

  constructor(complain: (what: string) => void) {
    this.#complain = complain;
  }

  get size(): number {
    return this.#uids.length;
  }
  uid(seq: number): number | undefined {
    return this.#uids[seq - 1];
  }
  /** The last that was told. */
  modseqOf(uid: number): number | undefined {
    return this.#modseqs.get(uid);
  }
  get uids(): readonly number[] {
    return this.#uids.filter((uid) => uid !== undefined);
  }

  /** One untagged response while `command` runs; undefined: between commands. */
  hear(text: string, command: string | undefined): void {
    if (command?.startsWith('SEARCH') && text.startsWith('* SEARCH '))
      for (const found of text.slice(9).split(' '))
        if (Number(found) > this.size) this.#complain(`SEARCH found ${found} among ${this.size}`);
    const [, earlier, gone] = /^\* VANISHED (\(EARLIER\) )?([\d:,]+)$/.exec(text) ?? [];
    if (gone !== undefined && earlier === undefined) {
      if (command === undefined) return this.#complain(`'${text}' although no command runs`);
      if (KEEPS_NUMBERS.test(command)) this.#complain(`'${text}' in answer to ${command}`);
      for (const uid of uidsOf(gone)) this.#vanished(uid, text);
      return;
    }
    const [, number, kind = '', rest = ''] = /^\* (\d+) (EXISTS|EXPUNGE|FETCH) ?(.*)$/s.exec(text) ?? [];
    if (number === undefined) return;
    const n = Number(number);
    if (command === undefined) return this.#complain(`'${text}' although no command runs`);
    if (kind === 'EXISTS') this.#exists(n);
    else if (n < 1 || n > this.size) this.#complain(`'${text}' although there are ${this.size}`);
    else if (kind === 'FETCH') this.#fetched(n, rest);
    else {
      if (KEEPS_NUMBERS.test(command)) this.#complain(`'${text}' in answer to ${command}`);
      this.#expunged(n);
    }
  }

  #exists(n: number): void {
    if (n < this.size) this.#complain(`EXISTS fell from ${this.size} to ${n}`);
    while (this.size < n) this.#uids.push(undefined);
  }

  #expunged(n: number): void {
    const [uid] = this.#uids.splice(n - 1, 1);
    if (uid !== undefined) this.flags.delete(uid);
  }

  /** With QRESYNC (RFC 7162 §3.2.10). One whose UID has not been told yet is among those that stand where it must be. */
  #vanished(uid: number, text: string): void {
    const known = this.#uids.indexOf(uid);
    const next = this.#uids.findIndex((other) => other !== undefined && other > uid);
    const unknown = this.#uids.lastIndexOf(undefined, (next < 0 ? this.size : next) - 1);
    const below = this.#uids.findLastIndex((other) => other !== undefined && other < uid);
    if (known >= 0) this.#expunged(known + 1);
    else if (unknown > below) this.#expunged(unknown + 1);
    else this.#complain(`'${text}' although there is no UID ${uid}`);
  }

  #fetched(n: number, items: string): void {
    const told = /\bUID (\d+)/.exec(items)?.[1];
    const known = this.#uids[n - 1];
    if (told !== undefined) {
      const uid = Number(told);
      if (known !== undefined && known !== uid) this.#complain(`message ${n} was UID ${known} and is now ${uid}`);
      this.#uids[n - 1] = uid;
      const before = this.#uids.findLast((other, i) => i < n - 1 && other !== undefined) ?? 0;
      const after = this.#uids.find((other, i) => i > n - 1 && other !== undefined) ?? Infinity;
      if (uid <= before || uid >= after)
        this.#complain(`UID ${uid} of message ${n} is not between ${before} and ${after}`);
    }
    const uid = this.#uids[n - 1];
    if (uid === undefined) return;
    const flags = /\bFLAGS \(([^)]*)\)/.exec(items)?.[1];
    if (flags !== undefined) this.flags.set(uid, flags.split(' ').toSorted().join(' '));
    const modseq = Number(/\bMODSEQ \((\d+)\)/.exec(items)?.[1] ?? 0);
    if (modseq === 0) return;
    if (modseq < (this.#modseqs.get(uid) ?? 0)) this.#complain(`MODSEQ of UID ${uid} fell to ${modseq}`);
    this.#modseqs.set(uid, modseq);
  }
}
