/** The service cannot start, or a command cannot open its data: one line that says why, and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
