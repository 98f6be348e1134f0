/** Addresses that pods get and give back; the one that lay longest is given first. */
export interface AddressPool {
  /** Empty where all are in use. */
  take(): string;
  give(address: string): void;
}

/**
 * @param address the one of an index. Fresh ones are given until so many lie about that one of them is cold enough.
 * @param fresh indexes that nobody has yet.
 */
export function createAddressPool(
  address: (index: number) => string,
  fresh: { readonly from: number; readonly to: number; readonly cold: number },
): AddressPool {
  const free: string[] = [];
  let next = fresh.from;
  return {
    take() {
      if (free.length > fresh.cold || next >= fresh.to) return free.shift() ?? "";
      return address(next++);
    },
    give(given) {
      if (given !== "") free.push(given);
    },
  };
}
