/** Bus: wake-ups between the parts of a service and its nodes. Losing any message must be harmless. */
export interface Bus extends AsyncDisposable {
  /** Never throws, never waits. `message` is JSON-able and at most 8 KiB. */
  publish(topic: string, message: unknown): void;
  /** Subscribers on the same node are called synchronously after the publisher's current job. */
  subscribe(topic: string, receive: (message: unknown) => void): Disposable;
}
