import type { ConnectionOptions } from "../adapters/kubernetes/connection/connection-options.ts";
import type { KubernetesClient } from "../adapters/kubernetes/connection/client.ts";
import type { Config } from "../agent/settings/config.ts";
import type { Node } from "../model/node.ts";
import { checkReachedServer, checkUnreachedServer, DeadlineError } from "./checks/api-server.ts";
import { checkBridges } from "./checks/bridges.ts";
import { checkClock } from "./checks/clock.ts";
import { checkNode } from "./checks/node.ts";
import { checkPodLinks } from "./checks/pod-links.ts";
import { checkRights } from "./checks/rights.ts";
import { checkRoutes } from "./checks/routes.ts";
import { type ClusterFacts, greet, readClusterFacts } from "./facts/cluster-facts.ts";
import type { KernelFacts } from "./facts/kernel-facts.ts";
import { findPodPlaces } from "./facts/pod-places.ts";
import { type Finding, notKnown } from "./finding.ts";
import { type Known, unknown } from "./known.ts";

export type OpenClient = (options: ConnectionOptions) => Promise<KubernetesClient>;

export type Cluster =
  /** It has not been asked, or did not answer. */
  | { readonly kind: "unreached"; readonly server: string | undefined; readonly finding: Finding }
  | {
      readonly kind: "reached";
      readonly server: string;
      readonly notices: readonly string[];
      readonly facts: ClusterFacts;
    };

export interface AskClusterOptions {
  readonly config: Config;
  readonly open: OpenClient;
  /** For everything together. */
  readonly milliseconds: number;
}

/** Asks the cluster for all that the checks need. Never throws, and never takes longer. */
export async function askCluster({ config, open, milliseconds }: AskClusterOptions): Promise<Cluster> {
  const { datastoreType, connection, nodeName, manageCni, podAnnotations } = config;
  if (datastoreType !== "kubernetes") {
    const finding = notKnown(
      "cluster",
      `left out: DATASTORE_TYPE is ${datastoreType}`,
      "set DATASTORE_TYPE=kubernetes and KUBECONFIG to have node, pools, routes, pods and rights checked",
    );
    return { kind: "unreached", server: undefined, finding };
  }
  const seconds = milliseconds / 1_000;
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new DeadlineError(`no answer within ${seconds} s`)),
    milliseconds,
  );
  const deadline = Promise.withResolvers<never>();
  late.signal.addEventListener("abort", () => deadline.reject(late.signal.reason));
  let server: string | undefined;
  try {
    using client = await Promise.race([open(connection), deadline.promise]);
    server = client.server;
    const asking = { client, signal: late.signal, nodeName, annotating: manageCni ? podAnnotations : false };
    const { clockAhead } = await Promise.race([greet(asking), deadline.promise]);
    const facts = await readClusterFacts(asking, clockAhead);
    return { kind: "reached", server, notices: client.notices, facts };
  } catch (error) {
    return { kind: "unreached", server, finding: checkUnreachedServer(error, server, seconds) };
  } finally {
    clearTimeout(timer);
  }
}

/** All nodes, where they are known. */
export function nodesOf(cluster: Cluster): Known<readonly Node[]> {
  return cluster.kind === "reached" ? cluster.facts.nodes : unknown("the API server was not asked");
}

export interface ClusterQuestion {
  readonly cluster: Cluster;
  readonly config: Config;
  readonly kernel: Known<KernelFacts>;
  /** What was found of the pools, which may be known without a cluster. */
  readonly pools: readonly Finding[];
}

/** The checks of the cluster, and of this node in it, in the order in which they are told. */
export function checkCluster({ cluster, config, kernel, pools }: ClusterQuestion): Finding[] {
  if (cluster.kind === "unreached") return [...pools, cluster.finding];
  const { nodes, pods, lacking, clockAhead } = cluster.facts;
  const { nodeName, manageCni, unknownEndpoint } = config;
  const network = kernel.known ? kernel.value.network : unknown("see JIT");
  const places = !pods.known
    ? pods
    : kernel.known
      ? findPodPlaces(pods.value, kernel.value.way)
      : unknown("see JIT");
  const host = !places.known
    ? places
    : kernel.known
      ? kernel.value.host(places.value.bridges)
      : unknown("see JIT");
  return [
    ...checkReachedServer(cluster),
    checkRights(lacking),
    checkClock(clockAhead),
    checkNode(nodes, nodeName, manageCni),
    ...pools,
    checkRoutes(nodes, nodeName, network),
    checkPodLinks(places.known ? { known: true, value: places.value.places } : places, manageCni),
    ...(manageCni ? [] : checkBridges(host, unknownEndpoint)),
  ];
}
