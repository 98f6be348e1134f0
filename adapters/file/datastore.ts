import type { Problem } from "../../model/problem.ts";
import { unreachable } from "../../model/unreachable.ts";
import { type ClusterState, emptyClusterState } from "../../model/update.ts";
import type { Datastore, DatastoreEvent, DatastoreStatus } from "../datastore.ts";
import { differences } from "../differences.ts";
import { DirectoryBell } from "./directory-bell.ts";
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

interface Told {
  state: ClusterState;
  problems: readonly Problem[];
  status: DatastoreStatus | undefined;
  inSync: boolean;
}

/** The status, if it says something new. */
function* tellStatus(told: Told, status: DatastoreStatus): Generator<DatastoreEvent> {
  if (Bun.deepEquals({ ...told.status, since: 0 }, { ...status, since: 0 })) return;
  told.status = status;
  yield { kind: "status", status };
}

function* tellUnavailable(told: Told, directory: string, because: string): Generator<DatastoreEvent> {
  const next = `create the directory, or make it readable: ${directory}`;
  yield* tellStatus(
    told,
    told.inSync
      ? { kind: "stale", since: new Date(), because, next }
      : { kind: "waiting", for: `the directory ${directory} (${because})`, next },
  );
}

/** What a look found that was not told before. */
function* tellLook(
  told: Told,
  look: Extract<Look, { kind: "read" }>,
  noticedAt: number,
): Generator<DatastoreEvent> {
  const updates = differences(told.state, look.state);
  told.state = look.state;
  if (updates.length > 0) yield { kind: "updates", updates, noticedAt };
  if (!Bun.deepEquals(told.problems, look.problems, true)) {
    told.problems = look.problems;
    yield { kind: "problems", problems: look.problems };
  }
  // Acting on part of the policies would open the pods that the others isolate (policy-bugs 23).
  if (!told.inSync && look.unread.length > 0) {
    const next = "make them readable or take them out of the directory";
    return yield* tellStatus(told, {
      kind: "waiting",
      for: `files to be readable: ${look.unread.join(", ")}`,
      next,
    });
  }
  yield* tellStatus(told, { kind: "connected" });
  if (told.inSync) return;
  told.inSync = true;
  yield { kind: "inSync" };
}

/** One look; what the system says about the directory is an answer, anything else a bug. */
async function lookAt(
  bell: DirectoryBell,
  manifests: Manifests,
): Promise<Look | { readonly kind: "unavailable"; readonly because: string }> {
  try {
    const deaf = await bell.arm();
    const look = await manifests.look(() => bell.rung);
    return look.kind === "read" && deaf !== undefined
      ? { ...look, problems: [...look.problems, deaf] }
      : look;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return { kind: "unavailable", because: error.message };
  }
}

async function* follow(options: FileDatastoreOptions, stopping: AbortSignal): AsyncGenerator<DatastoreEvent> {
  const { directory, nodeName, lookEvery = LOOK_EVERY } = options;
  const told: Told = { state: emptyClusterState(), problems: [], status: undefined, inSync: false };
  const manifests: Manifests = createManifests(directory, nodeName);
  using bell = new DirectoryBell(directory);
  let noticedAt: number | undefined;
  while (!stopping.aborted) {
    let patience = lookEvery;
    const rungAt = bell.takeRing() ?? performance.now();
    noticedAt ??= rungAt;
    const look = await lookAt(bell, manifests);
    if (stopping.aborted) return;
    switch (look.kind) {
      case "unsettled":
        patience = LOOK_AGAIN_IN;
        break;
      case "unavailable":
        patience = LOOK_FOR_DIRECTORY_EVERY;
        noticedAt = undefined;
        yield* tellUnavailable(told, directory, look.because);
        break;
      case "read":
        yield* tellLook(told, look, noticedAt);
        noticedAt = undefined;
        break;
      default:
        unreachable(look);
    }
    await bell.wait(patience, stopping);
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
