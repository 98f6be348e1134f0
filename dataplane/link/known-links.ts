import type { Link, LinkChange } from "../../native/link-message.ts";

/** Links that were asked for, kept for as long as nothing says that they changed. */
export interface KnownLinks {
  get(index: number): Link | undefined;
  take(changes: readonly LinkChange[]): void;
  /** Changes went unseen. */
  forget(): void;
}

/** The question takes the kernel's one lock for links; hence the memory. */
export function createKnownLinks(ask: (index: number) => Link | undefined): KnownLinks {
  const known = new Map<number, Link>();
  return {
    get(index) {
      const link = known.get(index) ?? ask(index);
      if (link !== undefined) known.set(index, link);
      return link;
    },
    take(changes) {
      for (const change of changes) {
        // Only what was asked for is kept, and what an event says in full is newer.
        if (change.kind !== "present") known.delete(change.index);
        else if (known.has(change.link.index)) known.set(change.link.index, change.link);
      }
    },
    forget: () => known.clear(),
  };
}
