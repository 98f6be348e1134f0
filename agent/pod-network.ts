import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Datastore } from "../adapters/datastore.ts";
import type { Settled } from "../dataplane/dataplane.ts";
import type { EndpointRecord } from "../handshake/endpoint-record.ts";
import type { NodeFacts } from "../handshake/messages.ts";
import { readRecords } from "../handshake/record-files.ts";
import type { RunPaths } from "../handshake/run-paths.ts";
import type { Address } from "../model/address.ts";
import type { Cidr } from "../model/cidr.ts";
import type { EndpointId } from "../model/endpoint.ts";
import type { Node } from "../model/node.ts";
import type { Ruleset } from "../model/ruleset.ts";
import type { Update } from "../model/update.ts";
import { createBell } from "./bell.ts";
import { createLocalPods } from "./local-pods.ts";
import type { Log } from "./log.ts";
import { type PluginServerOptions, servePlugin } from "./plugin-server.ts";
import { createPodAnnotator } from "./pod-annotator.ts";
import type { PodLinks, PodLinksOptions } from "./pod-links.ts";
import { createPodRequests } from "./pod-requests.ts";
import type { AgentStatus } from "./status.ts";

/** What the rest of the agent gives. */
export interface PodNetworkHooks {
  readonly datastore: Pick<Datastore, "lookUp" | "annotate">;
  readonly status: AgentStatus;
  /** Live. */
  readonly ruleset: Ruleset;
  readonly take: (updates: readonly Update[]) => void;
  readonly carried: () => Promise<Settled>;
  /** All conditions of the pods' links there are now. */
  readonly linkConditions: PodLinksOptions["conditions"];
}

export interface PodNetworkOptions extends PodNetworkHooks {
  readonly paths: RunPaths;
  readonly nodeName: string;
  /** Keeps links and routes of the pods; `podCidrs`: this node's. */
  readonly keepLinks: (podCidrs: () => readonly Cidr[]) => Pick<PodLinks, "want" | "mtu"> & Disposable;
  /** Whether pods are to tell what they were given. */
  readonly annotating: boolean;
  readonly log: Log;
  /** Between two looks for records that were removed behind the agent's back. */
  readonly reconcileMilliseconds?: number;
  /** After this the datastore counts as one that cannot be asked. */
  readonly lookUpMilliseconds?: number;
  readonly server?: Pick<PluginServerOptions, "lookMilliseconds" | "peerUser">;
}

/** This node's pods as our CNI plugin wires them. */
export interface PodNetwork extends Disposable {
  /** Updates on their way from the datastore, with what the plugin told laid over. */
  place(updates: readonly Update[]): readonly Update[];
  /** The agent's status is another. */
  changed(): void;
  /** The rules of these endpoints, and of no others, may be others in force than before. */
  inForce(endpoints: ReadonlySet<EndpointId>): void;
}

/** Records that the plugin left while no agent, or this one not yet, listened. */
function storedRecords(paths: RunPaths, log: Log): readonly EndpointRecord[] {
  try {
    const { records, unreadable } = readRecords(paths);
    for (const { path, why } of unreadable)
      log.write("warning", "record of a pod cannot be read", { path, why });
    return records;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.write("error", "records of pods cannot be read", { directory: paths.endpoints, why });
    return [];
  }
}

function isLocal(update: Update): boolean {
  return update.kind === "endpoint" && update.value?.attachment !== undefined;
}

/** Takes what the plugin told before, and listens to it from now on. */
export function openPodNetwork(options: PodNetworkOptions): PodNetwork {
  const { paths, nodeName, keepLinks, status, take, log, reconcileMilliseconds = 10_000 } = options;
  const localPods = createLocalPods();
  const changed = createBell();
  let node: Node = { name: nodeName, podCidrs: [] };
  const links = keepLinks(() => node.podCidrs);

  /** The plugin removes a record last of all; whoever has none is gone, even if nobody could be told. */
  function reconcile(): void {
    if (!existsSync(paths.endpoints)) return;
    const gone = [...localPods.records.keys()].filter(
      (id) => !existsSync(join(paths.endpoints, `${id}.json`)),
    );
    if (gone.length === 0) return;
    log.write("info", "pods deleted while the agent was not told", { containers: gone });
    take(gone.flatMap((id) => localPods.forget(id)));
    changed.ring();
  }

  /** Whoever waits for the first rules hears of each pass until they are in force. */
  async function firstPass(): Promise<void> {
    for (let settled: Settled | undefined; settled === undefined || settled.kind === "failed";) {
      settled = await options.carried();
      changed.ring();
    }
  }

  const { datastore, lookUpMilliseconds = 3_000 } = options;
  const lookUp = datastore.lookUp?.bind(datastore);
  const annotate = options.annotating ? datastore.annotate?.bind(datastore) : undefined;
  const annotator = annotate === undefined ? undefined : createPodAnnotator({ annotate, log });

  function tellPod(record: EndpointRecord, addresses: readonly Address[]): void {
    const { namespace, pod, containerId } = record;
    const uid = localPods.uid(record);
    if (uid !== undefined) annotator?.write({ namespace, pod, uid, addresses, containerId });
  }

  const requests = createPodRequests({
    ...options,
    localPods,
    changed,
    reconcile,
    node: (): NodeFacts => ({ ...node, mtu: links.mtu() }),
    lookUp:
      lookUp &&
      (({ namespace, pod }, gone) =>
        lookUp(namespace, pod, AbortSignal.any([gone, AbortSignal.timeout(lookUpMilliseconds)]))),
    wired: (record) => tellPod(record, record.addresses),
    unwired: (record) => tellPod(record, []),
  });
  const server = servePlugin({
    paths,
    answer: (request, caller) => requests.answer(request, caller),
    log,
    ...options.server,
  });
  for (const record of storedRecords(paths, log)) localPods.put(record);
  const timer = setInterval(reconcile, reconcileMilliseconds);
  void firstPass();
  status.podNetwork = {
    socket: paths.socket,
    get trouble() {
      return server.trouble;
    },
    get pods() {
      return localPods.records.size;
    },
    get waiting() {
      return [...requests.waiting.values()];
    },
  };

  return {
    place(updates) {
      for (const update of updates) {
        if (update.kind === "node" && update.name === nodeName)
          node = update.value ?? { name: nodeName, podCidrs: [] };
      }
      const placed = localPods.place(updates);
      // Most of a cluster's changes are other nodes', and many pods may wait here.
      if (updates.some(isLocal)) changed.ring();
      return placed;
    },
    changed: () => changed.ring(),
    inForce: (endpoints) => links.want(options.ruleset.endpoints, endpoints),
    [Symbol.dispose]() {
      clearInterval(timer);
      links[Symbol.dispose]();
      annotator?.[Symbol.dispose]();
      server[Symbol.dispose]();
    },
  };
}
