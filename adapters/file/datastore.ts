import { unreachable } from "../../model/unreachable.ts";
import type { Datastore, DatastoreEvent } from "../datastore.ts";
import { createTeller, type Teller } from "../teller.ts";
import { DirectoryBell } from "./directory-bell.ts";
import { type DirectoryTrouble, directoryTrouble } from "./directory-trouble.ts";
import { createManifests, type Look, type Manifests } from "./manifests.ts";

export interface FileDatastoreOptions {
  /** Where the manifests are; it may come later and be replaced at any time. */
  readonly directory: string;
  /** This node's name: pods of this node, and pods of none, are local. */
  readonly nodeName?: string | undefined;
  /** How often to look even when nothing rings, in milliseconds (default 5,000): what links point to rings nowhere. */
  readonly lookEvery?: number | undefined;
}

const LOOK_EVERY = 5000;
/** Nothing rings for a directory that is not there. */
const LOOK_FOR_DIRECTORY_EVERY = 250;
const LOOK_AGAIN_IN = 50;

type Answer = Look | ({ readonly kind: "unavailable" } & DirectoryTrouble);

function tell(teller: Teller, look: Answer, at: { directory: string; noticedAt: number }): DatastoreEvent[] {
  switch (look.kind) {
    case "unsettled":
      return [];
    case "unavailable": {
      const { found, next } = look;
      return teller.status(
        teller.inSync
          ? { kind: "stale", since: new Date(), because: `the directory ${at.directory} ${found}`, next }
          : { kind: "waiting", for: `the directory ${at.directory}, which ${found}`, next },
      );
    }
    case "read": {
      // Acting on part of the policies would open the pods that the others isolate (policy-bugs 23).
      if (teller.inSync || look.unread.length === 0) return teller.whole(look, at.noticedAt);
      const missing = `files to be readable: ${look.unread.join(", ")}`;
      const next = "make them readable or take them out of the directory";
      return teller.partial(look, at.noticedAt, { kind: "waiting", for: missing, next });
    }
    default:
      return unreachable(look);
  }
}

function patience(look: Answer, lookEvery: number): number {
  if (look.kind === "unsettled") return LOOK_AGAIN_IN;
  return look.kind === "unavailable" ? LOOK_FOR_DIRECTORY_EVERY : lookEvery;
}

/** One look; what the system says about the directory is an answer, anything else a bug. */
async function lookAt(bell: DirectoryBell, manifests: Manifests): Promise<Answer> {
  try {
    const deaf = await bell.arm();
    const look = await manifests.look(() => bell.rung);
    return look.kind === "read" && deaf !== undefined
      ? { ...look, problems: [...look.problems, deaf] }
      : look;
  } catch (error) {
    const trouble = directoryTrouble(error);
    if (trouble === undefined) throw error;
    return { kind: "unavailable", ...trouble };
  }
}

async function* follow(options: FileDatastoreOptions, stopping: AbortSignal): AsyncGenerator<DatastoreEvent> {
  const { directory, nodeName, lookEvery = LOOK_EVERY } = options;
  const teller = createTeller();
  const manifests = createManifests(directory, nodeName);
  using bell = new DirectoryBell(directory);
  let noticedAt: number | undefined;
  while (!stopping.aborted) {
    const rungAt = bell.takeRing() ?? performance.now();
    noticedAt ??= rungAt;
    const look = await lookAt(bell, manifests);
    for (const event of tell(teller, look, { directory, noticedAt })) {
      if (stopping.aborted) return;
      yield event;
    }
    if (look.kind !== "unsettled") noticedAt = undefined;
    await bell.wait(patience(look, lookEvery), stopping);
  }
}

/**
 * A directory of Kubernetes manifests (YAML or JSON, many documents a file, lists), followed live: an event only
 * says that something happened, then the directory is read whole and compared. What cannot be read closes the pods
 * that it was about; a directory that is gone leaves everything as it was.
 */
export function fileDatastore(options: FileDatastoreOptions): Datastore {
  return { watch: (stopping) => follow(options, stopping) };
}
