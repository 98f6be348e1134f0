import type { Problem } from "../../../model/problem.ts";
import type { Update } from "../../../model/update.ts";
import type { Condition, DatastoreEvent, DatastoreStatus } from "../../datastore.ts";
import {
  createObjectStore,
  type LookedUp,
  type LookedUpObjects,
  type ResourceEvent,
  type ResourceName,
} from "./object-store.ts";
import { datastoreStatus, type Trouble } from "./datastore-status.ts";

export interface ModelReaderOptions {
  /** What has to be listed before anything counts as whole. */
  readonly resources: readonly ResourceName[];
  /** This node's name, where it is known. */
  readonly nodeName: string | undefined;
  /** Asked again with every event: certificates expire while nothing else happens. */
  readonly client: { readonly server: string; readonly notices: readonly string[] };
}

/** Turns what the lists and watches of all resources say into what a datastore says. */
export interface ModelReader {
  /** What is to be said before anything came. */
  begin(): DatastoreEvent[];
  take<Name extends ResourceName>(name: Name, event: ResourceEvent<Name>): DatastoreEvent[];
  /** Takes what was asked for beside lists and watches, at any time: what it changes is told together. */
  look(objects: LookedUpObjects): LookedUpNews;
  readonly inSync: boolean;
  /** As it was told last; undefined before `begin`. */
  readonly status: DatastoreStatus | undefined;
}

export interface LookedUpNews extends Pick<LookedUp, "pod"> {
  readonly events: readonly DatastoreEvent[];
}

const NO_PROBLEMS: readonly Problem[] = [];

export function createModelReader({ resources, nodeName, client }: ModelReaderOptions): ModelReader {
  const store = createObjectStore();
  const troubles = new Map<ResourceName, Trouble>();
  let inSync = false;
  let status: DatastoreStatus | undefined;
  let problems: readonly Problem[] = NO_PROBLEMS;
  let conditions: readonly Condition[] = [];

  function isNodeless(): boolean {
    return nodeName !== undefined && store.isWhole("nodes") && store.count("nodes") === 0;
  }

  function presentStatus(): DatastoreStatus {
    const readings = resources.map((name) => ({
      name,
      whole: store.isWhole(name),
      trouble: troubles.get(name),
    }));
    const now = datastoreStatus(readings, client.server);
    // Without its name right, no pod is this node's: what the kernel has is better than what would follow from that.
    if (now.kind === "waiting" || inSync || !isNodeless()) return now;
    return {
      kind: "waiting",
      for: `node ${JSON.stringify(nodeName)}, which the cluster does not have`,
      next: "set NODENAME to what kubectl get nodes calls this machine, or wait until it is registered",
    };
  }

  function presentConditions(): readonly Condition[] {
    const notices = client.notices.map((text): Condition => ({ kind: "notice", text }));
    if (store.node?.podCidrs.length === 0) {
      const found = `node ${JSON.stringify(nodeName)} has no ranges for its pods (spec.podCIDRs)`;
      const meaning = "addresses that no pod has are not closed";
      notices.push({
        kind: "notice",
        text: `${found}: ${meaning}; next: nothing where the CNI plugin has ranges of its own, else --allocate-node-cidrs=true for the controller manager`,
      });
    }
    if (!isNodeless()) return notices;
    const text = `the cluster has no node ${JSON.stringify(nodeName)}; next: set NODENAME to what kubectl get nodes calls this machine`;
    return [{ kind: "failure", text }, ...notices];
  }

  function newsOf(updates: readonly Update[], noticedAt: number): DatastoreEvent[] {
    const events: DatastoreEvent[] = [];
    const nowStatus = presentStatus();
    const opened = !inSync && nowStatus.kind !== "waiting";
    const all = opened ? [...updates, ...store.open()] : updates;
    if (all.length > 0) events.push({ kind: "updates", updates: all, noticedAt });
    const statusChanged = !Bun.deepEquals(status, nowStatus, true);
    // While a large cluster is listed, all its problems over and over would be a load of their own.
    const nowProblems = inSync || statusChanged ? store.problems() : problems;
    if (nowProblems !== problems) {
      if (nowProblems.length + problems.length > 0) events.push({ kind: "problems", problems: nowProblems });
      problems = nowProblems;
    }
    if (statusChanged) events.push({ kind: "status", status: nowStatus });
    status = nowStatus;
    const nowConditions = presentConditions();
    if (!Bun.deepEquals(conditions, nowConditions, true)) {
      events.push({ kind: "conditions", conditions: nowConditions });
      conditions = nowConditions;
    }
    if (opened) {
      inSync = true;
      events.push({ kind: "inSync" });
    }
    return events;
  }

  return {
    begin: () => newsOf([], performance.now()),
    get inSync() {
      return inSync;
    },
    get status() {
      return status;
    },
    look(objects) {
      const { updates, pod } = store.look(objects);
      return { events: newsOf(updates, performance.now()), pod };
    },
    take(name, event) {
      if (event.kind === "trouble") {
        const { since, because, next } = event;
        troubles.set(name, { since, because, next });
      } else if (event.kind === "well") {
        troubles.delete(name);
      }
      const updates = store.take(name, event);
      return newsOf(updates, event.kind === "changes" ? event.noticedAt : performance.now());
    },
  };
}
