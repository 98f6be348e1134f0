import type { Address } from "../../model/address.ts";

/** A route of ours whose address is nobody's. */
export interface Leftover {
  /** Number of the interface that it leads to. */
  readonly link: number;
  /** By performance.now(). */
  readonly removeAt: number;
}

export interface LeftoverRoutesOptions {
  /** It was nobody's all the time. */
  readonly remove: (address: Address, link: number) => void;
  readonly graceMilliseconds: number;
}

/**
 * Routes that carry our protocol number and belong to nobody whom we know. The plugin makes a pod's route before the agent hears
 * of the pod: hence they are left alone for a while.
 */
export interface LeftoverRoutes extends Disposable {
  /** It is there; the time that it has counts from when it was first seen like this. */
  seen(address: Address, link: number): void;
  /** It went, or it is somebody's. */
  forget(address: Address): void;
}

export function createLeftoverRoutes({ remove, graceMilliseconds }: LeftoverRoutesOptions): LeftoverRoutes {
  const leftovers = new Map<Address, Leftover>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function wait(): void {
    // Oldest first, since all have the same time.
    const [next] = leftovers.values();
    if (next === undefined || timer !== undefined) return;
    timer = setTimeout(removeDue, Math.max(0, next.removeAt - performance.now()));
  }

  function removeDue(): void {
    timer = undefined;
    const now = performance.now();
    for (const [address, { link, removeAt }] of leftovers) {
      if (removeAt > now) break;
      leftovers.delete(address);
      remove(address, link);
    }
    wait();
  }

  return {
    seen(address, link) {
      if (leftovers.get(address)?.link === link) return;
      leftovers.delete(address);
      leftovers.set(address, { link, removeAt: performance.now() + graceMilliseconds });
      wait();
    },
    forget: (address) => void leftovers.delete(address),
    [Symbol.dispose]() {
      clearTimeout(timer);
      leftovers.clear();
    },
  };
}
