import type { LabFlow } from "../../demo/lab/flow.ts";
import type { Address, Family } from "../../model/address.ts";
import type { InterfaceName } from "../../model/fingerprint.ts";
import { askHealth, startTortie, until } from "../agent/running-agent.ts";
import { createOtherCniLab, type OtherCniLab } from "../netns/other-cni/lab.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { createNamespace, createNode, createPod } from "./objects.ts";
import { openPlugin, type PluginName } from "./plugins.ts";

const NODE = "node-1";
export const NAMESPACE = "shop";
const FAMILIES: readonly Family[] = [4, 6];
const POD_CIDRS = ["10.77.0.0/24", "fd00:77::/64"];
const RANGES = [
  { subnet: "10.77.0.0/24", rangeStart: "10.77.0.2", rangeEnd: "10.77.0.5" },
  { subnet: "fd00:77::/64", rangeStart: "fd00:77::2", rangeEnd: "fd00:77::5" },
];

/** A node whose pods a plugin of containernetworking wires, its cluster and the agent, which is told of no plugin. */
export interface PluggedNode extends AsyncDisposable {
  readonly lab: OtherCniLab;
  readonly cluster: Cluster;
  /** A pod as the runtime makes it: wired, and unknown to the cluster. Gives its addresses. */
  wire(pod: string): readonly Address[];
  unwire(pod: string): void;
  /** What the kubelet does then. */
  announce(pod: string, labels?: Readonly<Record<string, string>>): Promise<void>;
  forget(pod: string): Promise<void>;
  /** Of which families the cluster knows this node's pod ranges: servers before 1.21 keep the first alone. */
  readonly closed: readonly Family[];
  /** Waits until new flows have exactly these fates, over both families. Throws with what is otherwise in the end. */
  becomes(fates: Readonly<Record<string, boolean>>, families?: readonly Family[]): Promise<void>;
}

const LIMIT_MILLISECONDS = 20_000;

/** `shop/web > outside 443`: TCP to a port. */
function flowOf(text: string, family: Family): LabFlow {
  const [from = "", , to = "", port] = text.split(" ");
  return { from, to, protocol: "TCP", port: Number(port), family };
}

/** Starts everything and waits until the agent is ready. */
export async function startPluggedNode(name: PluginName): Promise<PluggedNode> {
  await using building = new AsyncDisposableStack();
  const lab = building.use(createOtherCniLab([]));
  const { network } = lab.node;
  const plugin = building.use(openPlugin({ plugin: name, node: network, ranges: RANGES }));
  const cluster = building.use(await startCluster({ network }));
  await createNode(cluster, NODE, POD_CIDRS);
  await createNamespace(cluster, NAMESPACE);
  const environment = {
    PATH: process.env["PATH"] ?? "",
    DATASTORE_TYPE: "kubernetes",
    KUBECONFIG: cluster.adminKubeconfig,
    NODENAME: NODE,
  };
  const agent = startTortie(network, ["agent"], environment);
  building.defer(async () => void (await agent.end("SIGKILL")));
  await until(async () => (await askHealth(network, "/readiness"))?.status === 200);

  const known = await cluster.kubectl(["get", "node", NODE, "--output", "jsonpath={.spec.podCIDRs}"]);
  const closed = FAMILIES.filter((_, at) => known.includes(POD_CIDRS[at] ?? ""));

  async function wrong(
    fates: Readonly<Record<string, boolean>>,
    families: readonly Family[],
  ): Promise<string[]> {
    const wanted = Object.entries(fates).flatMap(([text, arrives]) =>
      families.map((family) => ({ text: `${text} IPv${family}`, arrives, flow: flowOf(text, family) })),
    );
    const arrived = await lab.probe(wanted.map(({ flow }) => flow));
    return wanted.flatMap(({ text, arrives }, at) =>
      arrived[at] === arrives ? [] : [`${text}: ${!arrives}`],
    );
  }

  const resources = building.move();
  return {
    lab,
    cluster,
    wire: (pod) => {
      const key = `${NAMESPACE}/${pod}`;
      const place = lab.network();
      const addresses = plugin.add(pod, place);
      lab.pods.set(key, { key, network: place, addresses, interfaceName: "" as InterfaceName });
      return addresses;
    },
    unwire: (pod) => {
      const place = lab.pods.get(`${NAMESPACE}/${pod}`);
      if (place === undefined) throw new Error(`there is no pod ${pod}`);
      plugin.remove(pod, place.network);
      lab.pods.delete(place.key);
    },
    announce: async (pod, labels = {}) => {
      const addresses = lab.pods.get(`${NAMESPACE}/${pod}`)?.addresses ?? [];
      await createPod(cluster, { namespace: NAMESPACE, name: pod, node: NODE, labels, addresses });
    },
    forget: async (pod) => {
      const how = ["--namespace", NAMESPACE, "--force", "--grace-period=0"];
      await cluster.kubectl(["delete", "pod", pod, ...how]);
    },
    closed,
    becomes: async (fates, families = FAMILIES) => {
      const limit = performance.now() + LIMIT_MILLISECONDS;
      for (;;) {
        const found = await wrong(fates, families);
        if (found.length === 0) return;
        if (performance.now() > limit)
          throw new Error(`arrives otherwise: ${found.join(", ")}\n${agent.out()}`);
      }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
