import type { ListWatchEvent } from "./list-watch-event.ts";

type Told = Extract<ListWatchEvent<never>, { kind: "trouble" | "well" }>;

/** What goes wrong for as long as it does, told once for each reason. */
export interface Trouble {
  found(because: string, next: string): void;
  over(): void;
  /** What is new since the last call. */
  news(): readonly Told[];
}

export function createTrouble(): Trouble {
  let since: Date | undefined;
  let told = "";
  let news: Told | undefined;
  return {
    found(because, next) {
      since ??= new Date();
      if (because === told) return;
      told = because;
      news = { kind: "trouble", since, because, next };
    },
    over() {
      if (since === undefined) return;
      since = undefined;
      told = "";
      news = { kind: "well" };
    },
    news() {
      const latest = news === undefined ? [] : [news];
      news = undefined;
      return latest;
    },
  };
}
