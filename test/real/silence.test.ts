import { afterAll, beforeAll, expect, test } from "bun:test";
import type { ApiRequest, KubernetesClient } from "../../adapters/kubernetes/connection/client.ts";
import { listWatch } from "../../adapters/kubernetes/reading/list-watch.ts";
import { NETWORK_POLICIES } from "../../adapters/kubernetes/store/resources.ts";
import { until } from "../agent/running-agent.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { applyPolicy } from "./objects.ts";
import { clientOf } from "./who.ts";

// One probe comes after 10 s of silence; script/test --full is silent for seven minutes.
const SILENT_SECONDS = Number(process.env["TORTIE_SILENT_SECONDS"] ?? 12);

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
}, 60_000);
afterAll(() => cluster[Symbol.asyncDispose]());

function kindOf({ path, query = {} }: ApiRequest): string {
  if (path === "/readyz") return "probe";
  if (query["limit"] === "1") return "version check";
  if (query["sendInitialEvents"] !== undefined) return "streaming list";
  return query["watch"] === undefined ? "list" : "watch";
}

/** Does what the client does, and notes what it is asked. */
function noting(client: KubernetesClient, asked: string[]): KubernetesClient {
  return {
    ...client,
    request: (request) => {
      asked.push(kindOf(request));
      return client.request(request);
    },
  };
}

test(
  "a watch that has nothing to say is left alone, and says what there is when there is something",
  async () => {
    using client = await clientOf({ environment: { KUBECONFIG: cluster.adminKubeconfig } });
    const asked: string[] = [];
    const stopping = new AbortController();
    const events: string[] = [];
    const reading = (async () => {
      const following = listWatch({
        client: noting(client, asked),
        resource: NETWORK_POLICIES.watched,
        read: (object) => object,
        // As long as the longest that a server is asked for, so that no watch ends by itself.
        pace: { watchSeconds: [600, 600] },
        stopping: stopping.signal,
      });
      for await (const { kind } of following) events.push(kind);
    })();
    await until(() => asked.includes("watch"));
    const since = performance.now();
    await until(() => performance.now() - since > SILENT_SECONDS * 1000);
    expect(asked).toContain("probe");
    expect(asked.filter((kind) => kind !== "probe" && kind !== "version check")).toEqual(
      asked.includes("streaming list") ? ["streaming list", "list", "watch"] : ["list", "watch"],
    );
    await applyPolicy(cluster, "default", "late", { podSelector: {} });
    await until(() => events.includes("changes"));
    expect(asked.filter((kind) => kind === "watch")).toHaveLength(1);
    expect(events).toEqual(["listing", "listed", "changes"]);
    stopping.abort();
    await reading;
  },
  SILENT_SECONDS * 1000 + 30_000,
);
