/**
 * `:regex` (draft-ietf-sieve-regex): POSIX extended regular expressions. All ways through the expression are followed at
 * once (Thompson), so that time grows with text times expression and no text makes it explode. The leftmost match
 * counts, and of those the longest.
 */
import { type Instruction, type Program, parseRegex } from './regex-parse.ts';

/** What it costs to follow one way over one character. */
const STEP_COST = 2;
/** No variable names a later group (RFC 5229 §3.2). */
const MAX_CAPTURES = 9;
const NO_SLOTS: readonly number[] = [];

export class Regex {
  readonly #program: Program;

  /** Throws an `Error` whose message says what is wrong with the expression. */
  constructor(pattern: string, ignoreCase: boolean) {
    this.#program = parseRegex(pattern, ignoreCase);
  }

  /**
   * The whole match and what each of the first nine groups matched ('' for one that took no part); undefined when nothing matches.
   * Without `captures` the answer is as long, but empty. `charge` is told of the work and may throw.
   */
  match(text: string, captures: boolean, charge: (work: number) => void): string[] | undefined {
    const slots = captures ? Math.min(this.#program.groups, MAX_CAPTURES) * 2 + 2 : 0;
    const found = new Run(this.#program.code, text, slots, charge).search();
    if (found === undefined) return undefined;
    const groups: string[] = [];
    for (let i = 0; i < found.length; i += 2)
      groups.push(found[i]! >= 0 && found[i + 1]! >= 0 ? text.slice(found[i], found[i + 1]) : '');
    return groups;
  }
}

/** The ways that are followed at one place, in order of preference. */
interface Ways {
  readonly states: Int32Array;
  /** Of a state, its place in `states` if it is there. */
  readonly places: Int32Array;
  readonly slots: (readonly number[])[];
  count: number;
}

class Run {
  readonly #code: readonly Instruction[];
  readonly #text: string;
  readonly #slots: number;
  readonly #charge: (work: number) => void;
  #now: Ways;
  #next: Ways;
  /** Instructions still to be followed without reading, and their slots. */
  readonly #stack: number[] = [];
  readonly #stackSlots: (readonly number[])[] = [];

  constructor(code: readonly Instruction[], text: string, slots: number, charge: (work: number) => void) {
    this.#code = code;
    this.#text = text;
    this.#slots = slots;
    this.#charge = charge;
    this.#now = ways(code.length);
    this.#next = ways(code.length);
  }

  /** Slots of the match: start and end of the whole and of each group. */
  search(): readonly number[] | undefined {
    const text = this.#text;
    const empty = this.#slots === 0 ? NO_SLOTS : Array.from({ length: this.#slots }, () => -1);
    let best: readonly number[] | undefined;
    for (let at = 0; ; ) {
      // A match may begin here, unless one has begun before.
      if (best === undefined) this.#add(this.#now, 0, at, empty);
      if (this.#now.count === 0) {
        if (best !== undefined) break;
      }
      this.#charge(STEP_COST * (this.#now.count + 1));
      const code = text.codePointAt(at);
      const next = code === undefined ? at : at + (code > 0xffff ? 2 : 1);
      this.#next.count = 0;
      for (let i = 0; i < this.#now.count; i += 1) {
        const instruction = this.#code[this.#now.states[i]!]!;
        const slots = this.#now.slots[i]!;
        if (instruction.op === 'match') {
          if (this.#slots === 0) return NO_SLOTS;
          if (best === undefined || slots[0]! < best[0]! || (slots[0] === best[0] && slots[1]! > best[1]!))
            best = slots;
        } else if (instruction.op === 'set' && code !== undefined && instruction.has(code)) {
          // A later beginning than that of the match found is of no use.
          if (best === undefined || slots[0]! <= best[0]!) this.#add(this.#next, this.#now.states[i]! + 1, next, slots);
        }
      }
      [this.#now, this.#next] = [this.#next, this.#now];
      if (code === undefined) break;
      at = next;
    }
    return best;
  }

  /** Follows what reads nothing. */
  #add(to: Ways, start: number, at: number, startSlots: readonly number[]): void {
    this.#stack.push(start);
    this.#stackSlots.push(startSlots);
    while (this.#stack.length > 0) {
      const state = this.#stack.pop()!;
      const slots = this.#stackSlots.pop()!;
      const place = to.places[state]!;
      if (place < to.count && to.states[place] === state) continue;
      to.places[state] = to.count;
      to.states[to.count] = state;
      to.slots[to.count] = slots;
      to.count += 1;
      const instruction = this.#code[state]!;
      switch (instruction.op) {
        case 'jump':
          this.#push(instruction.to, slots);
          break;
        case 'split':
          this.#push(instruction.second, slots);
          this.#push(instruction.first, slots);
          break;
        case 'save':
          this.#push(state + 1, instruction.slot < this.#slots ? slots.with(instruction.slot, at) : slots);
          break;
        case 'start':
          if (at === 0) this.#push(state + 1, slots);
          break;
        case 'end':
          if (at === this.#text.length) this.#push(state + 1, slots);
          break;
        default:
      }
    }
  }

  #push(state: number, slots: readonly number[]): void {
    this.#stack.push(state);
    this.#stackSlots.push(slots);
  }
}

function ways(size: number): Ways {
  return { states: new Int32Array(size), places: new Int32Array(size), slots: [], count: 0 };
}
