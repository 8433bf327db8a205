/** What a test waits for that knows of no event: in memory everything is a matter of turns of the loop, however slow the machine. */

/** Until everything is done that waits neither for time nor for a thread. */
export async function settle(turns = 100): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}
