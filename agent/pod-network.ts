import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Settled } from "../dataplane/dataplane.ts";
import type { EndpointRecord } from "../handshake/endpoint-record.ts";
import type { NodeFacts } from "../handshake/messages.ts";
import { readRecords } from "../handshake/record-files.ts";
import type { RunPaths } from "../handshake/run-paths.ts";
import type { Node } from "../model/node.ts";
import type { Ruleset } from "../model/ruleset.ts";
import type { Update } from "../model/update.ts";
import { createBell } from "./bell.ts";
import { createLocalPods } from "./local-pods.ts";
import type { Log } from "./log.ts";
import { type PluginServerOptions, servePlugin } from "./plugin-server.ts";
import { createPodRequests, type PodRequestsOptions } from "./pod-requests.ts";
import type { AgentStatus } from "./status.ts";

/** What the rest of the agent gives. */
export interface PodNetworkHooks extends Pick<PodRequestsOptions, "lookUp"> {
  readonly status: AgentStatus;
  /** Live. */
  readonly ruleset: Ruleset;
  readonly take: (updates: readonly Update[]) => void;
  readonly carried: () => Promise<Settled>;
}

export interface PodNetworkOptions extends PodNetworkHooks {
  readonly paths: RunPaths;
  readonly nodeName: string;
  /** Bytes, for pods that are made now. */
  readonly mtu: () => number;
  /** A pod has its network; its container is gone. */
  readonly wired?: (record: EndpointRecord) => void;
  readonly unwired?: (record: EndpointRecord) => void;
  readonly log: Log;
  /** Between two looks for records that were removed behind the agent's back. */
  readonly reconcileMilliseconds?: number;
  readonly server?: Pick<PluginServerOptions, "lookMilliseconds" | "peerUser">;
}

/** This node's pods as our CNI plugin wires them. */
export interface PodNetwork extends Disposable {
  /** Updates on their way from the datastore, with what the plugin told laid over. */
  place(updates: readonly Update[]): readonly Update[];
  /** The agent's status is another. */
  changed(): void;
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
  const { paths, nodeName, mtu, status, take, log, reconcileMilliseconds = 10_000 } = options;
  const localPods = createLocalPods();
  const changed = createBell();
  let node: Node = { name: nodeName, podCidrs: [] };

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

  const requests = createPodRequests({
    ...options,
    localPods,
    changed,
    reconcile,
    node: (): NodeFacts => ({ ...node, mtu: mtu() }),
    wired: (record) => options.wired?.(record),
    unwired: (record) => options.unwired?.(record),
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
    [Symbol.dispose]() {
      clearInterval(timer);
      server[Symbol.dispose]();
    },
  };
}
