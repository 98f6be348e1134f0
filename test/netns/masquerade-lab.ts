import { createLab, type Lab, type LabFlow } from "../../demo/lab/lab.ts";
import type { Dataplane } from "../../dataplane/dataplane.ts";
import { openNftDataplane } from "../../dataplane/nft/driver.ts";
import { NetlinkWriter } from "../../dataplane/nft/netlink-writer.ts";
import type { Cidr } from "../../model/cidr.ts";
import { type Endpoint, endpointId } from "../../model/endpoint.ts";
import { podInterfaceName } from "../../model/fingerprint.ts";
import type { Update } from "../../model/update.ts";
import { createCompiler } from "../../policy/compiler.ts";
import { nftOrThrow } from "./nft-command.ts";

/** Two pods on the node, at 10.65.0.1 and .2, fd00:65::1 and ::2. Beyond it a stranger, and a pod of another node. */
const PODS = [
  { namespace: "x", name: "client" },
  { namespace: "x", name: "server" },
];
export const NODE = { 4: "192.0.2.1", 6: "2001:db8:2::1" } as const;
export const CLIENT = { 4: "10.65.0.1", 6: "fd00:65::1" } as const;
export const STRANGER = { 4: "203.0.113.10", 6: "2001:db8:113::10" } as const;
export const OTHER_POD = { 4: "10.65.5.5", 6: "fd00:65:5::5" } as const;
export const FAMILIES = [4, 6] as const;

export const POOLS: Readonly<Record<string, boolean>> = { "10.65.0.0/16": true, "fd00:65::/32": true };

/** A lab whose outside keeps a record of who is heard there. */
export interface WitnessedLab {
  readonly lab: Lab;
  /** Sources of new connections that reached hosts beyond the node since the last call, as `PROTOCOL SOURCE to DESTINATION`. */
  seen(): string[];
  /** All of them get there and are answered. */
  expectAnswered(flows: readonly LabFlow[]): Promise<void>;
}

/** A node with the agent's own parts on it, from the compiler down; one agent after another may hold them. */
export interface MasqueradeLab extends WitnessedLab, AsyncDisposable {
  readonly dataplane: Dataplane;
  /** Brings these changes into the kernel. Throws where it refuses anything. */
  take(...updates: readonly Update[]): Promise<void>;
  /** These are the pools from now on, each with whether it is masqueraded. */
  pools(now: Readonly<Record<string, boolean>>): Promise<void>;
  /** Dies without a word, and begins anew with what it knew. */
  restart(): Promise<void>;
}

function endpointUpdate(lab: Lab, namespace: string, name: string): Update {
  const id = endpointId(namespace, name);
  const value: Endpoint = {
    id,
    namespace,
    uidOrder: 0,
    labels: { app: name },
    addresses: lab.pods.get(id)?.addresses ?? [],
    ports: [],
    attachment: { kind: "interface", name: podInterfaceName(namespace, name) },
    finished: false,
    deleting: false,
    startedAt: 0,
  };
  return { kind: "endpoint", id, value };
}

/** Passes over what the lab sends itself in each round of probes, to see that it works. */
const WITNESS = `table inet witness {
  set seen4 { type ipv4_addr . ipv4_addr . inet_proto; flags dynamic; }
  set seen6 { type ipv6_addr . ipv6_addr . inet_proto; flags dynamic; }
  chain arrivals {
    type filter hook prerouting priority mangle;
    iifname != "uplink" return
    ct state != new return
    tcp dport discard return
    meta l4proto ipv6-icmp icmpv6 type != echo-request return
    update @seen4 { ip saddr . ip daddr . meta l4proto }
    update @seen6 { ip6 saddr . ip6 daddr . meta l4proto }
  }
}
`;

interface ListedSet {
  readonly nftables: readonly {
    readonly set?: { readonly elem?: readonly { readonly concat: readonly string[] }[] };
  }[];
}

function seenBy({ outside }: Lab): string[] {
  const lines = FAMILIES.flatMap((family) => {
    const text = nftOrThrow(outside.network, ["-j", "list", "set", "inet", "witness", `seen${family}`]);
    nftOrThrow(outside.network, ["flush", "set", "inet", "witness", `seen${family}`]);
    return (JSON.parse(text) as ListedSet).nftables.flatMap(({ set }) =>
      (set?.elem ?? []).map(({ concat: [source, destination, protocol] }) => {
        return `${protocol} ${source} to ${destination}`;
      }),
    );
  });
  return lines.toSorted();
}

export function createWitnessedLab(): WitnessedLab & Disposable {
  const outside = [STRANGER, OTHER_POD].flatMap((one) => [one[4], one[6]]);
  const lab = createLab({ pods: PODS, outside });
  nftOrThrow(lab.outside.network, ["-f", "-"], WITNESS);
  return {
    lab,
    seen: () => seenBy(lab),
    async expectAnswered(flows) {
      const answered = await lab.probe(flows);
      const lost = flows.filter((_, at) => answered[at] !== true);
      if (lost.length > 0) throw new Error(`no answer: ${JSON.stringify(lost)}`);
    },
    [Symbol.dispose]: () => lab[Symbol.dispose](),
  };
}

export async function openMasqueradeLab(
  pools: Readonly<Record<string, boolean>> = POOLS,
): Promise<MasqueradeLab> {
  await using building = new AsyncDisposableStack();
  const witnessed = building.use(createWitnessedLab());
  const { lab } = witnessed;
  const compiler = createCompiler();
  const open = () => {
    const writer = lab.node.network.run(() => new NetlinkWriter());
    return { writer, dataplane: openNftDataplane(writer, { graceMilliseconds: 0 }) };
  };
  let agent = open();
  building.defer(async () => {
    await agent.dataplane[Symbol.asyncDispose]();
    agent.writer[Symbol.dispose]();
  });
  const resources = building.move();

  async function settle(): Promise<void> {
    const settled = await agent.dataplane.settle();
    if (settled.kind === "applied" || settled.kind === "unchanged") return;
    throw new Error(`the kernel does not hold the rules: ${JSON.stringify(settled)}`);
  }

  async function take(...updates: readonly Update[]): Promise<void> {
    compiler.apply(updates);
    agent.dataplane.want(compiler.ruleset, compiler.takeTouched());
    await settle();
  }

  async function setPools(now: Readonly<Record<string, boolean>>): Promise<void> {
    const gone = [...compiler.state.pools.keys()].filter((cidr) => !(cidr in now));
    await take(
      ...gone.map((cidr): Update => ({ kind: "pool", cidr, value: undefined })),
      ...Object.entries(now).map(([text, natOutgoing]): Update => {
        const cidr = text as Cidr;
        return { kind: "pool", cidr, value: { cidr, natOutgoing } };
      }),
    );
  }

  await take(...PODS.map(({ namespace, name }) => endpointUpdate(lab, namespace, name)));
  await setPools(pools);
  return {
    lab,
    get dataplane() {
      return agent.dataplane;
    },
    take,
    pools: setPools,
    async restart() {
      agent.writer[Symbol.dispose]();
      agent = open();
      agent.dataplane.want(compiler.ruleset, undefined);
      await settle();
    },
    seen: () => witnessed.seen(),
    expectAnswered: (flows) => witnessed.expectAnswered(flows),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
