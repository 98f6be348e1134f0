import { kubernetesDatastore } from "../../adapters/kubernetes/datastore.ts";
import { NAMESPACES, NETWORK_POLICIES, ownNode, PODS } from "../../adapters/kubernetes/store/resources.ts";
import { runAgent } from "../../agent/run.ts";
import { createStatus } from "../../agent/status.ts";
import { openNftDataplane } from "../../dataplane/nft/driver.ts";
import type { NftWriter } from "../../dataplane/nft/writer.ts";
import { createCompiler } from "../../policy/compiler.ts";
import { type ClusterSize, NODE } from "../scripted-cluster/cluster-size.ts";
import { clusterObjects } from "../scripted-cluster/objects.ts";
import { createLaps, type Laps } from "./laps.ts";
import { observedWriter } from "./observed-writer.ts";
import { scriptedClient } from "./scripted-client.ts";

/** The agent itself, from the bytes of the network on, turns of the event loop included. */
export interface WholeAgent extends AsyncDisposable {
  /** One line of the watch of pods, until the pass that carries it has ended. */
  podLine(bytes: Uint8Array, counts: boolean): Promise<void>;
  readonly laps: Laps;
}

export const TO_BATCH = "from the line's arrival to the batch";
export const TO_KERNEL = "from the batch until it is in force";
export const TO_END = "until the pass has ended";

/** Knows a cluster of that size, and its rules are in the kernel. The writer is the caller's to close. */
export async function openWholeAgent(writer: NftWriter, size: ClusterSize): Promise<WholeAgent> {
  const laps = createLaps();
  const observed = observedWriter(writer, {
    began: () => laps.lap(TO_BATCH),
    ended: () => laps.lap(TO_KERNEL),
  });
  const objects = Map.groupBy(clusterObjects(size), ({ kind }) => kind);
  const client = scriptedClient(
    [PODS, NAMESPACES, NETWORK_POLICIES, ownNode(NODE)].map(({ watched }) => ({
      ...watched,
      objects: objects.get(watched.kind) ?? [],
    })),
  );
  const dataplane = openNftDataplane(observed, { graceMilliseconds: 0 });
  const stopping = new AbortController();
  let passed = Promise.withResolvers<void>();
  const ended = runAgent({
    datastore: kubernetesDatastore({ open: async () => client, nodeName: NODE }),
    compiler: createCompiler(),
    dataplane,
    status: createStatus(),
    log: { write: () => {}, flush: async () => {} },
    openMetrics: async () => ({ passEnded: () => passed.resolve(), [Symbol.dispose]: () => {} }),
    stopping: stopping.signal,
  });
  ended.catch((error: unknown) => passed.reject(error));
  await passed.promise;
  await dataplane.tidied();
  return {
    laps,
    async podLine(bytes, counts) {
      passed = Promise.withResolvers();
      laps.begin();
      client.push(PODS.watched.path, bytes);
      await passed.promise;
      laps.lap(TO_END);
      laps.end(counts);
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await ended;
      await dataplane[Symbol.asyncDispose]();
    },
  };
}
