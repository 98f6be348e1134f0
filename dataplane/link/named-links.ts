import type { Link, LinkChange } from "../../native/link-message.ts";

/** Links that were asked for by name, kept for as long as nothing says that they changed. */
export interface NamedLinks {
  get(name: string): Link | undefined;
  /** Gives the names that may be another link's now, or nobody's. */
  take(change: LinkChange): readonly string[];
  /** Changes went unseen. */
  forget(): void;
}

/** What is not there is asked for each time. */
export function createNamedLinks(ask: (name: string) => Link | undefined): NamedLinks {
  const known = new Map<string, Link>();
  const names = new Map<number, string>();

  function keep(link: Link): void {
    known.set(link.name, link);
    names.set(link.index, link.name);
  }

  return {
    get(name) {
      const kept = known.get(name);
      if (kept !== undefined) return kept;
      const link = ask(name);
      if (link !== undefined) keep(link);
      return link;
    },
    take(change) {
      const index = change.kind === "present" ? change.link.index : change.index;
      const before = names.get(index);
      if (before !== undefined) {
        names.delete(index);
        // An old link that goes late must not take the new one of its name along.
        if (known.get(before)?.index === index) known.delete(before);
      }
      const now = change.kind === "present" ? change.link.name : undefined;
      // It may have been kept with another number, whose end was not told yet.
      if (now !== undefined && known.get(now)?.index !== index) known.delete(now);
      return [before, now].filter(
        (name, at, all) => name !== undefined && all.indexOf(name) === at,
      ) as string[];
    },
    forget() {
      known.clear();
      names.clear();
    },
  };
}
