import { existsSync, readdirSync, readFileSync } from "node:fs";
import { LegacyIptables } from "../../native/legacy-iptables.ts";
import { NftablesNames } from "../../native/nftables-names.ts";
import { Rtnetlink } from "../../native/rtnetlink.ts";
import type { BridgeUse } from "../route/placement.ts";
import { type Enforcer, ENFORCERS } from "./enforcers.ts";
import type { BridgeSwitch, EnforcerTrace, HostFacts, OutwardPort } from "./host-facts.ts";

/** Gathers the facts as they are now. Throws SystemCallError. */
export type ReadHost = (bridges: readonly BridgeUse[]) => HostFacts;

export interface HostReader extends Disposable {
  readonly read: ReadHost;
}

const IPTABLES_FAMILIES = ["ip", "ip6"] as const;
/** Kinds of links that lead out of the machine: hardware has none. */
const OUTWARD: ReadonlySet<string> = new Set(["", "bond", "team", "vlan"]);
const KUBE_IPVS = "kube-ipvs0";

function bridgeSwitch(name: string): BridgeSwitch {
  try {
    return readFileSync(`/proc/sys/net/bridge/${name}`, "utf8").trim() === "0" ? "off" : "on";
  } catch {
    return "missing";
  }
}

/** What cannot be read, such as a directory that the agent's container does not have, tells nothing. */
function hasEntries(directory: string): boolean {
  try {
    return readdirSync(directory).length > 0;
  } catch {
    return false;
  }
}

/** Opens what reading takes, in the network namespace that the calling thread is in. Throws SystemCallError. */
export function openHostReader(
  enforcers: readonly Enforcer[] = ENFORCERS,
  outward: ReadonlySet<string> = OUTWARD,
): HostReader {
  using opening = new DisposableStack();
  const names = opening.use(new NftablesNames());
  const links = opening.use(new Rtnetlink());
  const legacy = IPTABLES_FAMILIES.map((family) => ({ family, table: new LegacyIptables(family, "filter") }));
  const sockets = opening.move();

  function traces(enforcer: Enforcer, legacyChains: ReadonlyMap<string, ReadonlySet<string>>): string[] {
    const found: string[] = [];
    for (const { family, table } of enforcer.tables ?? []) {
      // An empty table, and below an empty chain that nothing leads to, drops nothing.
      if ((names.table({ family, table }) ?? 0) > 0) found.push(`nftables table ${family} ${table}`);
    }
    for (const chain of enforcer.chains ?? []) {
      for (const family of IPTABLES_FAMILIES) {
        const program = family === "ip" ? "iptables" : "ip6tables";
        if ((names.chain({ family, table: "filter" }, chain) ?? 0) > 0)
          found.push(`${program} chain ${chain}`);
        if (legacyChains.get(family)?.has(chain) === true) found.push(`${program}-legacy chain ${chain}`);
      }
    }
    for (const name of enforcer.interfaces ?? []) {
      if (links.link({ name }) !== undefined) found.push(`interface ${name}`);
    }
    for (const directory of enforcer.directories ?? []) {
      if (hasEntries(directory)) found.push(`entries in ${directory}`);
    }
    return found;
  }

  function outwardPorts(bridges: readonly BridgeUse[]): OutwardPort[] {
    const found: OutwardPort[] = [];
    for (const bridge of new Set(bridges.map(({ name }) => name))) {
      const index = links.link({ name: bridge })?.index;
      const ports = index === undefined ? [] : links.ports(index);
      for (const { name, kind } of ports) if (outward.has(kind)) found.push({ bridge, port: name });
    }
    return found;
  }

  return {
    read: (bridges) => {
      const legacyChains = new Map(legacy.map(({ family, table }) => [family, table.jumpedChains()]));
      return {
        kubeIpvs0: links.link({ name: KUBE_IPVS }) !== undefined,
        traces: enforcers.flatMap((enforcer) =>
          traces(enforcer, legacyChains).map((trace): EnforcerTrace => ({ enforcer: enforcer.name, trace })),
        ),
        bridgeCalls: {
          ipv4: bridgeSwitch("bridge-nf-call-iptables"),
          ipv6: bridgeSwitch("bridge-nf-call-ip6tables"),
        },
        ipv6: existsSync("/proc/sys/net/ipv6"),
        bridges,
        outwardPorts: outwardPorts(bridges),
      };
    },
    [Symbol.dispose]: () => sockets.dispose(),
  };
}
