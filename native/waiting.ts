/** What one way of waiting needs; it owns the descriptor from the moment that it is called and closes it. */
export interface Waiting {
  readonly fd: number;
  readonly received: (bytes: Uint8Array) => void;
  readonly lost: (reason: string) => void;
}

/** Stops waiting and closes the descriptor. */
export type StopWaiting = () => void;
