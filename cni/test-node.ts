import { AgentError } from "../handshake/agent-client.ts";
import type { EndpointRecord } from "../handshake/endpoint-record.ts";
import type { Answer, RequestBody } from "../handshake/messages.ts";
import { IpamError } from "../ipam/ipam-error.ts";
import type { Address } from "../model/address.ts";
import type { Environment } from "../model/environment.ts";
import { unreachable } from "../model/unreachable.ts";
import { CniError } from "./cni-error.ts";
import type { NodeParts } from "./node-parts.ts";
import { answer, type Answered } from "./run.ts";

export const NETNS = "/run/netns/c1";

export const NETWORK = {
  cniVersion: "1.1.0",
  name: "k8s-pod-network",
  type: "calico",
  ipam: { type: "host-local", subnet: "usePodCidr" },
};

/** What a runtime says of pod x/a. */
export function pod(
  containerId: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    CNI_CONTAINERID: containerId,
    CNI_NETNS: NETNS,
    CNI_IFNAME: "eth0",
    CNI_ARGS: "K8S_POD_NAMESPACE=x;K8S_POD_NAME=a;K8S_POD_UID=u-1",
    CNI_PATH: "/opt/cni/bin",
    ...more,
  };
}

/** A node that is but memory, with an agent that knows every pod, and all that was done to it by name. */
export interface TestNode {
  readonly parts: NodeParts;
  /** Every deed, in order. */
  readonly deeds: string[];
  readonly records: Map<string, EndpointRecord>;
  /** Whose each interface is. */
  readonly links: Map<string, string>;
  /** By container and interface. */
  readonly leased: Map<string, readonly Address[]>;
  /** Names of deeds that fail from now on, with what. */
  readonly failing: Map<string, unknown>;
  /** From which networks, and within which time where that is another one than always. */
  readonly released: object[];
  /** Containers that somebody works for. */
  readonly busy: Set<string>;
  /** What the agent answers; undefined: it is not there. */
  agent: ((request: RequestBody) => Answer) | undefined;
  uptime: number;
  /** Told before each deed. */
  onDeed: (name: string) => void;
  call(verb: string, environment: Readonly<Record<string, string>>, network?: object): Promise<Answered>;
  readonly stopping: AbortController;
}

function agentOf(request: RequestBody): Answer {
  const node = { name: "n-1", podCidrs: ["10.0.0.0/24" as never], mtu: 1450 };
  switch (request.kind) {
    case "node":
    case "state":
      return { kind: request.kind, node };
    case "delete":
      return { kind: "deleted" };
    case "add":
    case "check":
      return { kind: "programmed" };
    default:
      return unreachable(request);
  }
}

export function createTestNode(): TestNode {
  const deeds: string[] = [];
  const records = new Map<string, EndpointRecord>();
  const links = new Map<string, string>();
  const leased = new Map<string, readonly Address[]>();
  const failing = new Map<string, unknown>();
  const stopping = new AbortController();
  let next = 2;
  let clock = 1_000;

  function deed(name: string): void {
    deeds.push(name);
    node.onDeed(name);
    if (failing.has(name)) throw failing.get(name);
  }

  const leaseKey = ({ environment }: { environment: Environment }): string =>
    `${environment["CNI_CONTAINERID"]} ${environment["CNI_IFNAME"]}`;

  const parts: NodeParts = {
    records: {
      write(_, record) {
        deed(record.addresses.length === 0 ? "record" : "record addresses");
        records.set(record.containerId, record);
      },
      read(_, containerId) {
        const record = records.get(containerId);
        return record === undefined ? { kind: "none" } : { kind: "record", record };
      },
      readAll: () => ({ records: [...records.values()], unreadable: [] }),
      remove(_, containerId) {
        deed(`remove record ${containerId}`);
        records.delete(containerId);
      },
    },
    locks: {
      async take(_, containerId) {
        if (failing.has(`lock ${containerId}`)) throw failing.get(`lock ${containerId}`);
        if (node.busy.has(containerId)) return undefined;
        node.busy.add(containerId);
        const { signal: evicted } = new AbortController();
        return { fd: 0, evicted, [Symbol.dispose]: () => void node.busy.delete(containerId) };
      },
    },
    demandNamespace(path) {
      if (path !== NETNS) throw new CniError("environment", `there is nothing at ${path}`);
    },
    links: async () => ({
      takeOver(name) {
        const whose = links.get(name);
        if (whose !== undefined) deed(`take over ${whose}`);
        links.delete(name);
        return whose;
      },
      create(link) {
        deed("create link");
        links.set(link.interface, link.containerId);
        return { hostIndex: 1, hostMac: "ee:ee:ee:ee:ee:ee", podIndex: 2, podMac: "02:00:00:00:00:01" };
      },
      configure(_, __, { mtu, addresses }) {
        deed("configure link");
        deeds.push(`${mtu} ${addresses.join()}`);
      },
      raise: () => deed("raise link"),
      remove({ interface: name, containerId }) {
        deed("remove link");
        if (links.get(name) === containerId) links.delete(name);
      },
      differences: ({ interface: name }) => (links.has(name) ? [] : [`the host has no interface "${name}"`]),
      isReached: () => false,
      forgetConnections: (addresses) => deed(`forget ${addresses.join()}`),
    }),
    leases: {
      demandHelper() {
        if (failing.has("find host-local")) throw failing.get("find host-local");
      },
      async lease(call) {
        deed("lease");
        const address = `10.0.0.${next++}` as Address;
        leased.set(leaseKey(call), [address]);
        return [address];
      },
      async release(call) {
        deed("release");
        const { deadline, configuration } = call;
        const { name, ipam } = configuration;
        const { type } = ipam as { readonly type?: unknown };
        node.released.push({ name, type, ...(deadline !== undefined && { deadline }) });
        leased.delete(leaseKey(call));
      },
      async check(call) {
        if (leased.has(leaseKey(call))) return;
        throw new IpamError("notLeased", { tried: "find", found: "none", next: "" });
      },
      async reconcile({ containers }) {
        deed(`reconcile, but ${[...containers()].toSorted().join()}`);
        return [];
      },
      isReconciled: () => true,
      reconcileOncePerBoot: async () => undefined,
    },
    openAgent: () => ({
      async request(body) {
        deed(`ask ${body.kind}`);
        if (stopping.signal.aborted) throw new AgentError("aborted", "it was told to stop");
        if (node.agent === undefined)
          throw new AgentError("absent", "no agent answers at /run/tortie/agent.sock (ENOENT)");
        const said = node.agent(body);
        if (said.kind === "waiting" && body.kind !== "check") throw new AgentError("waiting", said.for);
        if (said.kind === "misunderstood") throw new AgentError("misunderstood", "it speaks version 2");
        return said;
      },
      [Symbol.dispose]() {},
    }),
    now: () => clock++,
    uptime: () => node.uptime,
  };

  const node: TestNode = {
    parts,
    deeds,
    records,
    links,
    leased,
    failing,
    busy: new Set(),
    released: [],
    agent: agentOf,
    uptime: 100,
    onDeed() {},
    stopping,
    async call(verb, environment, network = NETWORK) {
      let printed = "";
      const { exitCode, output } = await answer({
        environment: { ...environment, CNI_COMMAND: verb },
        readStdin: async () => JSON.stringify(network),
        node: parts,
        stopping: stopping.signal,
        ownDirectory: "/opt/cni/bin",
        openLog: () => ({
          debug() {},
          info() {},
          warning() {},
          error: (text) => deeds.push(`error: ${text}`),
        }),
        print(text) {
          if (failing.has("print")) throw failing.get("print");
          printed += text;
        },
      });
      return { exitCode, output: printed + output };
    },
  };
  return node;
}

/** What is left of all containers. */
export function leftovers({ records, links, leased }: TestNode): string[] {
  return [
    ...[...records.keys()].map((id) => `record ${id}`),
    ...[...links.values()].map((id) => `link ${id}`),
    ...[...leased.keys()].map((key) => `lease ${key}`),
  ];
}
