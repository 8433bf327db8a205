/** Items that one turn of the event loop may sort. */
const RUN = 4096;

/** Sorts in runs and merges them two by two; yields between pieces, so that the caller can let others have their turn. */
export function* sortedInSteps(
  items: readonly number[],
  compare: (a: number, b: number) => number,
): Generator<undefined, number[], undefined> {
  let runs: number[][] = [];
  for (let at = 0; at < items.length; at += RUN) {
    runs.push(items.slice(at, at + RUN).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const next: number[][] = [];
    for (let i = 0; i < runs.length; i += 2) next.push(yield* merged(runs[i]!, runs[i + 1] ?? [], compare));
    runs = next;
  }
  return runs[0] ?? [];
}

function* merged(
  a: readonly number[],
  b: readonly number[],
  compare: (a: number, b: number) => number,
): Generator<undefined, number[], undefined> {
  const whole: number[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (whole.length % RUN === 0) yield;
    const first = j >= b.length || (i < a.length && compare(a[i]!, b[j]!) <= 0);
    whole.push(first ? a[i++]! : b[j++]!);
  }
  return whole;
}
