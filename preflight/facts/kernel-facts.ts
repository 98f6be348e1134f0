import { CalicoRules } from "../../install/calico-rules.ts";
import { TABLE } from "../../dataplane/nft/names.ts";
import { NetlinkWriter } from "../../dataplane/nft/netlink-writer.ts";
import type { EnforcerTrace, HostFacts } from "../../dataplane/preflight/host-facts.ts";
import { type KernelAbilities, kernelAbilities } from "../../dataplane/preflight/kernel-abilities.ts";
import { openHostReader } from "../../dataplane/preflight/read-host.ts";
import type { BridgeUse } from "../../dataplane/route/placement.ts";
import type { Address } from "../../model/address.ts";
import { addressBytes } from "../../model/address.ts";
import type { Link } from "../../native/link-message.ts";
import { MAIN_TABLE } from "../../native/route-dump.ts";
import type { RouteMessage } from "../../native/route-message.ts";
import { Rtnetlink } from "../../native/rtnetlink.ts";
import { type Known, look } from "../known.ts";

/** Where packets to an address go from here. */
export interface Way {
  /** Undefined: nowhere. */
  readonly link: Link | undefined;
  /** Whether another machine passes them on. */
  readonly gateway: boolean;
}

export interface NetworkFacts {
  /** Of the main table. */
  readonly routes: readonly RouteMessage[];
  /** All that routes lead to. */
  readonly links: ReadonlyMap<number, Link>;
}

/** What only the kernel of this node can tell, of the network namespace that this runs in. */
export interface KernelFacts {
  readonly abilities: Known<KernelAbilities>;
  readonly traces: Known<readonly EnforcerTrace[]>;
  readonly kubeIpvs0: Known<boolean>;
  /** What Calico left in the kernel, in words. */
  readonly calico: Known<readonly string[]>;
  readonly network: Known<NetworkFacts>;
  readonly livingAgent: Known<boolean>;
  readonly way: (address: Address) => Known<Way>;
  readonly host: (bridges: readonly BridgeUse[]) => Known<HostFacts>;
}

function readNetwork(kernel: Rtnetlink): NetworkFacts {
  const routes = ([4, 6] as const).flatMap((family) => kernel.routes({ family, table: MAIN_TABLE }));
  const links = new Map<number, Link>();
  for (const { interface: index } of routes.flatMap(({ nextHops }) => nextHops)) {
    const link = links.has(index) ? undefined : kernel.link({ index });
    if (link !== undefined) links.set(index, link);
  }
  return { routes, links };
}

function wayTo(kernel: Rtnetlink, address: Address): Way {
  const route = kernel.route(addressBytes(address));
  const [hop] = route?.unicast === true ? route.nextHops : [];
  if (hop === undefined) return { link: undefined, gateway: false };
  return { link: kernel.link({ index: hop.interface }), gateway: hop.gateway };
}

function readHost(bridges: readonly BridgeUse[]): HostFacts {
  using reader = openHostReader();
  return reader.read(bridges);
}

function calicoRules(): readonly string[] {
  using rules = new CalicoRules();
  return rules.find().map(({ what }) => what);
}

function agentLives(): boolean {
  using writer = new NetlinkWriter();
  return writer.tableNames(TABLE)?.ownership === "owned";
}

/** Reads, and changes nothing. Never throws. */
export function readKernelFacts(): KernelFacts {
  const host = look(() => readHost([]));
  return {
    abilities: look(() => kernelAbilities()),
    traces: host.known ? { known: true, value: host.value.traces } : host,
    kubeIpvs0: look(() => {
      using kernel = new Rtnetlink();
      return kernel.link({ name: "kube-ipvs0" }) !== undefined;
    }),
    calico: look(calicoRules),
    network: look(() => {
      using kernel = new Rtnetlink();
      return readNetwork(kernel);
    }),
    livingAgent: look(agentLives),
    way: (address) =>
      look(() => {
        using kernel = new Rtnetlink();
        return wayTo(kernel, address);
      }),
    host: (bridges) => look(() => readHost(bridges)),
  };
}
