import type { EndpointId } from "../../model/endpoint.ts";
import type { Ipv4Sysctls, Ipv6Sysctls, SysctlsOfLink } from "../../native/link-sysctls.ts";
import type { HostCondition } from "../preflight/condition.ts";

/** What the host's end of a pod's link must have; Calico's own choice. */
const WANTED_IPV4: Ipv4Sysctls = { forwarding: 1, proxyArp: 1, rpFilter: 1, routeLocalnet: 1 };

const SYSCTLS: Readonly<Record<keyof Ipv4Sysctls, string>> = {
  forwarding: "forwarding",
  proxyArp: "proxy_arp",
  rpFilter: "rp_filter",
  routeLocalnet: "route_localnet",
};

/** Whose host end it is. */
export interface HostEnd {
  readonly endpoint: EndpointId;
  /** Whether the pod has an IPv6 address; undefined: its addresses are not known. */
  readonly hasIpv6: boolean | undefined;
}

/** A setting of IPv6 that is not what it must be: nobody can write it over netlink. */
export interface Drift {
  readonly endpoint: EndpointId;
  readonly interface: string;
  readonly sysctl: "accept_ra" | "forwarding" | "disable_ipv6";
  readonly found: number;
}

/** The settings of IPv4 that must be written; undefined: none. */
export function mendingOf({ ipv4 }: SysctlsOfLink): Partial<Ipv4Sysctls> | undefined {
  if (ipv4 === undefined) return undefined;
  const names = Object.keys(WANTED_IPV4) as (keyof Ipv4Sysctls)[];
  const wrong = names.filter((name) => ipv4[name] !== WANTED_IPV4[name]);
  return wrong.length === 0 ? undefined : Object.fromEntries(wrong.map((name) => [name, WANTED_IPV4[name]]));
}

/** For example `net.ipv4.conf.cali0123.rp_filter from 2 to 1`. */
export function mendingText({ link, ipv4 }: SysctlsOfLink, values: Partial<Ipv4Sysctls>): string {
  const names = Object.keys(values) as (keyof Ipv4Sysctls)[];
  return names
    .map(
      (name) => `net.ipv4.conf.${link.name}.${SYSCTLS[name]} from ${ipv4?.[name] ?? "?"} to ${values[name]}`,
    )
    .join(", ");
}

function driftOf(
  { acceptRa, forwarding, disabled }: Ipv6Sysctls,
  hasIpv6: boolean | undefined,
  isOurs: boolean,
): Omit<Drift, "endpoint" | "interface">[] {
  const found: Omit<Drift, "endpoint" | "interface">[] = [];
  if (hasIpv6 === true && disabled !== 0) found.push({ sysctl: "disable_ipv6", found: disabled });
  // Earlier Calicos left it on at every pod: what they wired is not reproached with it until it is wired anew.
  if (hasIpv6 === false && disabled === 0 && isOurs) found.push({ sysctl: "disable_ipv6", found: disabled });
  if (disabled === 0 && acceptRa !== 0) found.push({ sysctl: "accept_ra", found: acceptRa });
  if (hasIpv6 === true && disabled === 0 && forwarding === 0) {
    found.push({ sysctl: "forwarding", found: forwarding });
  }
  return found;
}

/** What is wrong with IPv6 on a host end. */
export function driftsOf({ link, ipv6 }: SysctlsOfLink, { endpoint, hasIpv6 }: HostEnd): Drift[] {
  if (ipv6 === undefined) return [];
  const drifts = driftOf(ipv6, hasIpv6, link.alias !== "");
  return drifts.map((drift) => ({ ...drift, endpoint, interface: link.name }));
}

function wantedText({ sysctl, found }: Drift): { readonly wanted: number; readonly means: string } {
  switch (sysctl) {
    case "accept_ra":
      return {
        wanted: 0,
        means:
          "a pod's router advertisement could give this node another default route (CVE-2020-13597) if our rules, which " +
          "drop it, were not there",
      };
    case "forwarding":
      return { wanted: 1, means: "the node does not act as the pod's IPv6 router" };
    case "disable_ipv6":
      return found === 0
        ? { wanted: 1, means: "the pod has no IPv6 address, and only our rules close IPv6 on its interface" }
        : { wanted: 0, means: "the pod cannot use its IPv6 address" };
  }
}

/**
 * One condition for each sysctl and value, naming the first interface. Notices: our rules drop router advertisements and what
 * else they do not allow from a pod whatever the sysctls say, and a node that is not ready helps nobody.
 */
export function driftConditions(drifts: readonly Drift[]): HostCondition[] {
  // By name, so that the same drifts give the same words.
  const sorted = drifts.toSorted((a, b) => (a.interface < b.interface ? -1 : 1));
  const alike = Map.groupBy(sorted, ({ sysctl, found }) => `${sysctl} ${found}`);
  return [...alike.values()].map((found): HostCondition => {
    const [first, ...others] = found as [Drift, ...Drift[]];
    const { wanted, means } = wantedText(first);
    const name = `net.ipv6.conf.${first.interface}.${first.sysctl}`;
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    return {
      kind: "notice",
      text:
        `${name} is ${first.found} instead of ${wanted} (pod ${first.endpoint}${more}): ${means}; the agent cannot write it, so ` +
        `write it on the host (sysctl -w ${name}=${wanted}), and see what changed it, for example a file in /etc/sysctl.d`,
    };
  });
}

/** `forwards`: as LinkSysctls.forwards answers; `pods`: how many have an address of the family. */
export function forwardingConditions(
  facts: readonly {
    readonly family: 4 | 6;
    readonly forwards: boolean | undefined;
    readonly pods: number;
  }[],
): HostCondition[] {
  return facts
    .filter(({ forwards, pods }) => forwards === false && pods > 0)
    .map(({ family, pods }): HostCondition => {
      const name = family === 4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
      const count = pods === 1 ? "1 pod" : `${pods} pods`;
      return {
        kind: "failure",
        text:
          `${name} is 0: this node forwards nothing from or to its ${count} with an IPv${family} address; set it to 1 ` +
          `(sysctl -w ${name}=1), and see what changed it, for example a file in /etc/sysctl.d`,
      };
    });
}
