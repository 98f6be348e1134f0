import { writeFileSync } from "node:fs";
import { createLab } from "../../demo/lab/lab.ts";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import { startCluster } from "../../test/real/cluster.ts";
import type { ClusterSize } from "../scripted-cluster/cluster-size.ts";
import { startAgent } from "./agent-on-node.ts";
import type { ApiAccess, ApiCall } from "./api-session.ts";
import type { TimedAnswer } from "./call-process.ts";
import type { FillAnswer } from "./fill-process.ts";
import type { ProbeAnswer, ProbeQuestion, ProbeRoutes } from "./probe-process.ts";
import { HOME, LAB_PODS, TARGET, VISITED } from "./stage.ts";
import { startTalking, type TalkingProcess } from "./talking-process.ts";
import { untilCached } from "./until-cached.ts";
import type { WatchAnswer } from "./watch-process.ts";

/** A cluster of a real API server, a node of it under the agent, and processes that ask, watch and probe. */
export interface Scene extends AsyncDisposable {
  readonly calls: TalkingProcess<ApiCall, TimedAnswer>;
  readonly probes: TalkingProcess<ProbeQuestion, ProbeAnswer>;
  readonly watch: TalkingProcess<never, WatchAnswer>;
}

export interface SceneOptions {
  readonly size: ClusterSize;
  readonly executable: string;
  readonly directory: string;
  readonly progress: (text: string) => void;
}

const PORT = 5000;
const WATCHED = ["/api/v1/pods", "/apis/networking.k8s.io/v1/networkpolicies"];

/** Probes leave an entry each; what is remembered for long, the agent looks through at each revocation. */
function forgetFlowsSoon(node: NetworkNamespace): void {
  node.run(() => writeFileSync("/proc/sys/net/netfilter/nf_conntrack_udp_timeout", "2"));
}

/** Builds it and waits until agent and watch know the cluster. */
export async function openScene({ size, executable, directory, progress }: SceneOptions): Promise<Scene> {
  await using building = new AsyncDisposableStack();
  const lab = building.use(createLab({ pods: LAB_PODS }));
  const { network } = lab.node;
  const cluster = building.use(await startCluster({ network }));
  const began = performance.now();
  const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  {
    const settings = { etcd: cluster.etcdServer, size };
    await using fill = startTalking<never, FillAnswer>("fill-process.ts", { network, settings });
    const { objects } = await fill.next();
    progress(`${size.pods} pods: ${objects} objects are in etcd after ${seconds()}`);
  }
  const { identities, server } = cluster;
  const access: ApiAccess = { server, caFile: identities.caFile, token: identities.tokenOf("admin") };
  const calls = building.use(
    startTalking<ApiCall, TimedAnswer>("call-process.ts", { network, settings: access }),
  );
  await untilCached(calls);
  progress(`${size.pods} pods: the API server has them in its cache after ${seconds()}`);
  const watch = building.use(
    startTalking<never, WatchAnswer>("watch-process.ts", { network, settings: { access, paths: WATCHED } }),
  );
  for (const _ of WATCHED) await watch.next();
  building.use(await startAgent({ cluster, network, executable, directory, limit: 60_000 + size.pods }));
  progress(`${size.pods} pods: the agent is ready after ${seconds()}`);
  forgetFlowsSoon(network);
  const place = (name: string): string => lab.pods.get(`${HOME}/${name}`)?.network.path ?? "";
  const routes: ProbeRoutes = {
    client: { from: place("client"), to: place(TARGET.name), destination: TARGET.address, port: PORT },
    away: {
      from: lab.outside.network.path,
      to: place(VISITED.name),
      destination: VISITED.address,
      port: PORT,
    },
  };
  const probes = building.use(
    startTalking<ProbeQuestion, ProbeAnswer>("probe-process.ts", { network, settings: routes }),
  );
  const resources = building.move();
  return { calls, probes, watch, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
