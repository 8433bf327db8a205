/** Why a connection cannot go on (or, for `bare-newline`, why a line was not one). */
export type ConnectionFault =
  /** The other side is gone, or we hung up. */
  | 'closed'
  /** It took too long, or sent too slowly. */
  | 'timeout'
  | 'line-too-long'
  /** A line ended without CRLF. It was read over: the session may answer and go on. */
  | 'bare-newline'
  /** The service is being stopped. */
  | 'shutting-down'
  /** What its user signed in with opens nothing any more. */
  | 'signed-out'
  | 'tls';

export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly fault: ConnectionFault;
  constructor(fault: ConnectionFault, message: string = fault, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}
