import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "../../model/problem.ts";
import type { ClusterState } from "../../model/update.ts";
import { unreachable } from "../../model/unreachable.ts";
import { collectObjects } from "../objects/collect.ts";
import { closeFile, type KnownFile, type Reading, readText, skipFile } from "./known-file.ts";
import { type FoundFile, isPassedOver, readManifestFile } from "./manifest-file.ts";
import { createPace } from "./pace.ts";
import { warmUp } from "./warm-up.ts";

/** After so many looks in a row at a directory that does not settle, what is seen counts. */
const PATIENCE = 5;

export type Look =
  /** Somebody is in the middle of writing: look again shortly. */
  | { readonly kind: "unsettled" }
  | {
      readonly kind: "read";
      readonly state: ClusterState;
      readonly problems: readonly Problem[];
      /** Files of which nothing is known, because they never could be read. */
      readonly unread: readonly string[];
    };

export interface Manifests {
  /**
   * Reads the directory whole; only what changed is read and parsed. Throws what `readdir` throws. `disturbed` tells
   * whether something happened in the directory since the look began.
   */
  look(disturbed: () => boolean): Promise<Look>;
}

type Listing = Map<string, FoundFile>;

/** What makes a listing look like the middle of a save. Only a repeated `gone` is believed before patience ends. */
function doubtsOf(listing: Listing, files: ReadonlyMap<string, KnownFile>): string[] {
  const doubts: string[] = [];
  for (const [name, file] of files) {
    if (!listing.has(name) && file.state !== "skipped") doubts.push(`gone ${name}`);
  }
  for (const [name, found] of listing) {
    const before = files.get(name);
    if (found.kind === "vanished" && before?.state !== "unreadable") doubts.push(`vanished ${name}`);
    if (found.kind !== "text") continue;
    if (found.torn) doubts.push(`torn ${name}`);
    // Truncated, and the new text is still to come.
    if (found.text === "" && before !== undefined && before.readings.size > 0) doubts.push(`empty ${name}`);
  }
  return doubts;
}

/** Keeps what is known of a directory's files between looks. */
export function createManifests(directory: string, nodeName: string | undefined): Manifests {
  let files: ReadonlyMap<string, KnownFile> = new Map();
  /** What was read last, as long as all files are as they were then. */
  let last: Look | undefined;
  let lastDoubts: readonly string[] = [];
  let tries = 0;

  async function list(): Promise<Listing> {
    const names = (await readdir(directory)).filter((name) => !isPassedOver(name)).toSorted();
    const listing: Listing = new Map();
    const pace = createPace();
    for (let at = 0; at < names.length; at += 16) {
      const some = names.slice(at, at + 16);
      const found = await Promise.all(
        some.map((name) => readManifestFile(join(directory, name), name, files.get(name)?.stamp ?? "")),
      );
      for (const [index, name] of some.entries()) {
        const file = found[index];
        if (file !== undefined) listing.set(name, file);
      }
      await pace();
    }
    return listing;
  }

  function settled(doubts: readonly string[]): boolean {
    const sure = doubts.every((doubt) => doubt.startsWith("gone ") && lastDoubts.includes(doubt));
    tries = sure ? 0 : tries + 1;
    lastDoubts = sure ? [] : doubts;
    if (tries < PATIENCE) return sure;
    tries = 0;
    lastDoubts = [];
    return true;
  }

  async function read(name: string, found: FoundFile, by: Omit<Reading, "name">): Promise<KnownFile> {
    const before = files.get(name);
    switch (found.kind) {
      case "text":
        return readText(found, { name, ...by });
      case "unchanged":
        return before ?? closeFile(name, "it changed while it was read", undefined);
      case "vanished":
        return closeFile(name, "it is a link that points to nothing", before);
      case "unreadable":
        return closeFile(name, found.because, before);
      case "skipped":
        return skipFile(name, found.because);
      default:
        return unreachable(found);
    }
  }

  return {
    async look(disturbed) {
      const listing = await list();
      const doubts = doubtsOf(listing, files);
      if (disturbed()) doubts.push("disturbed");
      if (!settled(doubts)) return { kind: "unsettled" };
      const isSame =
        listing.size === files.size && listing.values().every(({ kind }) => kind === "unchanged");
      if (isSame && last !== undefined) return last;
      await warmUp();
      const changed = [...listing.values()].some((found) => found.kind === "text");
      const known = new Map(changed ? [...files.values()].flatMap((file) => [...file.readings]) : []);
      const pace = createPace();
      const next = new Map<string, KnownFile>();
      for (const [name, found] of listing) next.set(name, await read(name, found, { nodeName, known, pace }));
      files = next;
      await pace();
      const all = [...next.values()];
      const { state, problems } = collectObjects(all.flatMap((file) => file.objects));
      const unread = [...next].filter(([, file]) => file.state === "unreadable" && file.objects.length === 0);
      last = {
        kind: "read",
        state,
        problems: [...all.flatMap((file) => file.problems), ...problems],
        unread: unread.map(([name]) => name),
      };
      return last;
    },
  };
}
