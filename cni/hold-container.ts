import type { Call } from "./call.ts";
import { CniError } from "./cni-error.ts";

/** A call that is alone with its container until it is disposed of. */
export interface HoldingCall extends Call, Disposable {}

/** A little longer than host-local may take: one that its plugin left behind has the lock, and ends by itself. */
const PATIENCE_MILLISECONDS = 25_000;

export interface HoldOptions {
  /** Another call that works for the container is to give up. */
  readonly evict?: boolean;
  readonly milliseconds?: number;
}

/** Undefined: another call works for the container, or a helper that has outlived one. Throws what NodeParts.locks throws. */
export async function tryHoldContainer(
  call: Call,
  containerId: string,
  { evict = false, milliseconds = 0 }: HoldOptions = {},
): Promise<HoldingCall | undefined> {
  const { node, paths, stopping } = call;
  const lock = await node.locks.take(paths, containerId, { evict, milliseconds, signal: stopping });
  if (lock === undefined) return undefined;
  return {
    ...call,
    lock: lock.fd,
    stopping: AbortSignal.any([stopping, lock.evicted]),
    [Symbol.dispose]: () => lock[Symbol.dispose](),
  };
}

/** Waits until nobody else works for the container. Throws CniError where that takes too long. */
export async function holdContainer(
  call: Call,
  containerId: string,
  options: HoldOptions = {},
): Promise<HoldingCall> {
  const { milliseconds = PATIENCE_MILLISECONDS } = options;
  const held = await tryHoldContainer(call, containerId, { ...options, milliseconds });
  if (held !== undefined) return held;
  const found = call.stopping.aborted
    ? "and the plugin was told to stop"
    : `and has not ended within ${milliseconds / 1_000} s`;
  throw new CniError(
    "tryAgainLater",
    `another call of the plugin, or a host-local that has outlived one, works for container ${containerId}, ${found}`,
    `the container runtime tries again; see what it waits for (fuser ${call.paths.locks}/${containerId})`,
  );
}
