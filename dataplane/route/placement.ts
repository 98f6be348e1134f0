import type { Attachment, Endpoint, EndpointId } from "../../model/endpoint.ts";
import type { InterfaceName } from "../../model/fingerprint.ts";
import type { Update } from "../../model/update.ts";
import type { HostView } from "./host-view.ts";
import { type BridgePath, type Reach, reachOf, UNREACHED } from "./own-interface.ts";

/** A bridge that endpoints of this node are behind. */
export interface BridgeUse extends BridgePath {
  /** At least one; those that have an address of this family there. */
  readonly endpoints: readonly EndpointId[];
}

/** Finds the attachments of this node's endpoints where another CNI wired them: by the host's routes. */
export interface Placement {
  /**
   * The same updates, with the attachments that hold now, and after them updates of other endpoints whose attachment
   * changed by it. What is of other nodes passes as it is; where nothing is local, the very list comes back.
   */
  place(updates: readonly Update[]): readonly Update[];
  /** After routes or links changed: the endpoints whose attachment is another now. */
  again(): readonly Update[];
  /** As of the last look; for the checks of the node. */
  bridges(): readonly BridgeUse[];
}

interface Local {
  /** As the datastore has it. */
  readonly given: Endpoint;
  readonly reach: Reach;
  /** With the attachment found. */
  readonly placed: Endpoint | undefined;
}

const BY_ADDRESS: Attachment = { kind: "address" };
const NONE: readonly Update[] = [];

function sameAttachment(a: Attachment | undefined, b: Attachment): boolean {
  if (a?.kind === "interface" && b.kind === "interface") return a.name === b.name;
  if (a?.kind === "address" && b.kind === "address") return a.through === b.through;
  return false;
}

/** One whose interface is another's already has nothing there any more. */
function attachmentOf(
  id: EndpointId,
  { via, through }: Reach,
  users: ReadonlyMap<InterfaceName, EndpointId | undefined>,
): Attachment {
  const user = via === undefined ? undefined : users.get(via);
  if (via !== undefined && user === id) return { kind: "interface", name: via };
  return through === undefined || user !== undefined ? BY_ADDRESS : { kind: "address", through };
}

/**
 * Whose each interface is: of the only one that is reached by it. One that is being deleted has no say while another
 * lives: an address, and the interface with it, may pass to the next endpoint before the last one is gone.
 */
function soleUsers(
  locals: ReadonlyMap<EndpointId, Local>,
): ReadonlyMap<InterfaceName, EndpointId | undefined> {
  const living = new Map<InterfaceName, EndpointId | undefined>();
  const leaving = new Map<InterfaceName, EndpointId | undefined>();
  for (const [id, { given, reach }] of locals) {
    if (reach.via === undefined) continue;
    const users = given.deleting ? leaving : living;
    users.set(reach.via, users.has(reach.via) ? undefined : id);
  }
  return new Map([...leaving, ...living]);
}

/**
 * An endpoint whose addresses have host routes (/32, /128, no gateway) through one interface that leads to no other
 * endpoint of this node is attached by that interface, every other one by its addresses: behind a bridge, which the
 * attachment names, or not wired yet. The result depends on the endpoints and routes as they are, not on the way there.
 */
export function createPlacement(view: HostView): Placement {
  const locals = new Map<EndpointId, Local>();

  function reach({ addresses, finished }: Endpoint): Reach {
    // Its addresses may be others' by now.
    return finished ? UNREACHED : reachOf(addresses, view);
  }

  /** Whether the endpoint is or was local. */
  function remember(id: EndpointId, given: Endpoint | undefined): boolean {
    if (given?.attachment === undefined) return locals.delete(id);
    if (locals.get(id)?.given !== given) locals.set(id, { given, reach: reach(given), placed: undefined });
    return true;
  }

  /** Gives the endpoints that are others than before. */
  function settle(): Set<EndpointId> {
    const users = soleUsers(locals);
    const changed = new Set<EndpointId>();
    for (const [id, local] of locals) {
      const attachment = attachmentOf(id, local.reach, users);
      if (sameAttachment(local.placed?.attachment, attachment)) continue;
      locals.set(id, { ...local, placed: { ...local.given, attachment } });
      changed.add(id);
    }
    return changed;
  }

  function updateOf(id: EndpointId): Update {
    return { kind: "endpoint", id, value: locals.get(id)?.placed };
  }

  return {
    place(updates) {
      let isLocal = false;
      for (const update of updates) {
        if (update.kind === "endpoint" && remember(update.id, update.value)) isLocal = true;
      }
      if (!isLocal) return updates;
      const others = settle();
      const placed = updates.map((update) => {
        if (update.kind !== "endpoint") return update;
        others.delete(update.id);
        // Repeated in one list, an endpoint has its last value each time: in between nobody looks.
        return update.value?.attachment !== undefined && locals.has(update.id) ? updateOf(update.id) : update;
      });
      return others.size === 0 ? placed : [...placed, ...[...others].map(updateOf)];
    },
    again() {
      for (const [id, local] of locals) locals.set(id, { ...local, reach: reach(local.given) });
      const changed = settle();
      return changed.size === 0 ? NONE : [...changed].map(updateOf);
    },
    bridges() {
      const uses = new Map<string, { readonly path: BridgePath; readonly endpoints: Set<EndpointId> }>();
      for (const [id, local] of locals) {
        for (const path of local.reach.bridges) {
          const key = `${path.family} ${path.name}`;
          const use = uses.get(key) ?? { path, endpoints: new Set() };
          uses.set(key, use);
          use.endpoints.add(id);
        }
      }
      return [...uses.values()].map(({ path, endpoints }) => ({ ...path, endpoints: [...endpoints] }));
    },
  };
}
