import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Datastore, PodAnnotation } from "../../adapters/datastore.ts";
import type { Settled } from "../../dataplane/dataplane.ts";
import type { LocalEndpoints } from "../../dataplane/route/route-wish.ts";
import type { EndpointRecord } from "../../handshake/endpoint-record.ts";
import type { NodeFacts } from "../../handshake/messages.ts";
import { readRecords, writeRecord } from "../../handshake/record-files.ts";
import type { RunPaths } from "../../handshake/run-paths.ts";
import type { Address } from "../../model/address.ts";
import type { Cidr } from "../../model/cidr.ts";
import type { EndpointId } from "../../model/endpoint.ts";
import type { Node } from "../../model/node.ts";
import type { Ruleset } from "../../model/ruleset.ts";
import type { Update } from "../../model/update.ts";
import { createBell } from "../bell.ts";
import { createLocalPods } from "./local-pods.ts";
import type { Log } from "../log.ts";
import { type PluginServerOptions, servePlugin } from "./plugin-server.ts";
import { createPodAnnotator, type PodAnnotatorOptions } from "./pod-annotator.ts";
import type { PodLinks, PodLinksOptions } from "../host/pod-links.ts";
import { createPodRequests } from "./pod-requests.ts";
import type { AgentStatus } from "../status.ts";

/** What the rest of the agent gives. */
export interface PodNetworkHooks {
  readonly datastore: Pick<Datastore, "lookUp" | "annotate">;
  readonly status: AgentStatus;
  /** Undefined: a change is half in it, and the next pass tells more. */
  readonly ruleset: () => Ruleset | undefined;
  readonly take: (updates: readonly Update[]) => void;
  readonly carried: () => Promise<Settled>;
  /** All conditions of the pods' links there are now. */
  readonly linkConditions: PodLinksOptions["conditions"];
}

export interface PodNetworkOptions extends PodNetworkHooks {
  readonly paths: RunPaths;
  readonly nodeName: string;
  /** Keeps links and routes of the pods; `podCidrs`: this node's. */
  readonly keepLinks: (
    podCidrs: () => readonly Cidr[],
  ) => Pick<PodLinks, "want" | "mtu" | "holds"> & Disposable;
  /** Whether pods are to tell what they were given. */
  readonly annotating: boolean;
  readonly log: Log;
  /** Between two looks for records that were removed behind the agent's back. */
  readonly reconcileMilliseconds?: number;
  /** After this the datastore counts as one that cannot be asked. */
  readonly lookUpMilliseconds?: number;
  readonly annotateDelay?: PodAnnotatorOptions["delay"];
  readonly server?: Pick<PluginServerOptions, "lookMilliseconds" | "peerUser">;
}

/** This node's pods as our CNI plugin wires them. */
export interface PodNetwork extends Disposable {
  /** Updates on their way from the datastore, with what the plugin told laid over. */
  place(updates: readonly Update[]): readonly Update[];
  /** The agent's status is another. */
  changed(): void;
  /** The endpoints as they are in force; those of `touched`, and no others, may be others than before. */
  inForce(endpoints: LocalEndpoints, touched: ReadonlySet<EndpointId>): void;
  /** Ends when the plugin could call for the first time. */
  readonly listening: Promise<void>;
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

function restoreRecords(lost: readonly EndpointRecord[], paths: RunPaths, log: Log): void {
  const containers = lost.map(({ containerId }) => containerId);
  try {
    for (const record of lost) writeRecord(paths, record);
    log.write("warning", "records of pods were lost and are written anew", { containers });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.write("error", "records of pods were lost and cannot be written", { containers, why });
  }
}

type LookUp = NonNullable<Datastore["lookUp"]>;

function inTime(lookUp: LookUp, milliseconds: number): LookUp {
  return async (namespace, pod, signal) => {
    const limit = AbortSignal.timeout(milliseconds);
    const looked = await lookUp(namespace, pod, AbortSignal.any([signal, limit]));
    if (looked.kind !== "unreadable" || !limit.aborted) return looked;
    const because = `no answer came within ${milliseconds / 1_000} s`;
    return { kind: "unreadable", because, next: "see whether the API server is well" };
  };
}

function isLocal(update: Update): boolean {
  return update.kind === "endpoint" && update.value?.attachment !== undefined;
}

/** Takes what the plugin told before, and listens to it from now on. */
export function openPodNetwork(options: PodNetworkOptions): PodNetwork {
  const { paths, nodeName, keepLinks, status, take, log, reconcileMilliseconds = 10_000 } = options;
  const changed = createBell();
  let node: Node = { name: nodeName, podCidrs: [] };
  const links = keepLinks(() => node.podCidrs);
  const localPods = createLocalPods(holds);

  /** Who cannot be looked at is there: cutting a pod off takes more than not knowing. */
  function holds(record: EndpointRecord): boolean {
    try {
      return links.holds(record);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.write("warning", "interface of a pod cannot be looked at", { interface: record.interface, why });
      return true;
    }
  }

  /**
   * The plugin removes the interface before the record: whoever has neither is gone, even if nobody could be told. Records that
   * were lost otherwise are written anew.
   */
  function reconcile(): boolean {
    const missing = [...localPods.records.values()].filter(
      ({ containerId }) => !existsSync(join(paths.endpoints, `${containerId}.json`)),
    );
    const lost = missing.filter(holds);
    if (lost.length > 0) restoreRecords(lost, paths, log);
    const gone = missing.filter((record) => !lost.includes(record)).map(({ containerId }) => containerId);
    if (gone.length === 0) return false;
    log.write("info", "pods deleted while the agent was not told", { containers: gone });
    take(gone.flatMap((id) => localPods.forget(id)));
    changed.ring();
    return true;
  }

  /** Whoever waits for the first rules hears of each pass until they are in force. */
  async function firstPass(): Promise<void> {
    for (let settled: Settled | undefined; settled === undefined || settled.kind === "failed";) {
      settled = await options.carried();
      changed.ring();
    }
  }

  const { datastore, lookUpMilliseconds = 3_000 } = options;
  const lookUp = datastore.lookUp && inTime(datastore.lookUp.bind(datastore), lookUpMilliseconds);
  const annotate = options.annotating ? datastore.annotate?.bind(datastore) : undefined;
  const annotator =
    annotate &&
    createPodAnnotator({
      annotate,
      isTrue: isStanding,
      log,
      ...(options.annotateDelay && { delay: options.annotateDelay }),
    });

  function isStanding({ addresses, containerId }: PodAnnotation): boolean {
    const record = localPods.records.get(containerId);
    return addresses.length > 0 && record !== undefined && localPods.standing(record).kind === "wired";
  }

  function tellPod(record: EndpointRecord, addresses: readonly Address[]): void {
    const { namespace, pod, containerId } = record;
    const uid = localPods.uid(record);
    if (uid !== undefined) annotator?.write({ namespace, pod, uid, addresses, containerId });
  }

  /** What the API server says of pods that were wired before may be of a former container. */
  async function tellAllPods(): Promise<void> {
    await firstPass();
    for (const record of localPods.records.values())
      if (localPods.standing(record).kind === "wired") tellPod(record, record.addresses);
  }

  const requests = createPodRequests({
    ...options,
    localPods,
    changed,
    reconcile,
    node: (): NodeFacts => ({ ...node, mtu: links.mtu() }),
    lookUp: lookUp && (({ namespace, pod }, gone) => lookUp(namespace, pod, gone)),
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
  void tellAllPods();
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
    inForce: (endpoints, touched) => links.want(endpoints, touched),
    listening: server.listening,
    [Symbol.dispose]() {
      clearInterval(timer);
      links[Symbol.dispose]();
      annotator?.[Symbol.dispose]();
      server[Symbol.dispose]();
    },
  };
}
