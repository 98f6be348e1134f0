import { type Address, addressFamily } from "../model/address.ts";
import { type CniVersion, isAtLeast } from "../handshake/cni-version.ts";
import type { Fields } from "../handshake/calico-fields.ts";

/** One end of a pod's link, as results tell it. */
export interface LinkEnd {
  readonly name: string;
  readonly mac: string;
}

/** What ADD has done, in the words of no version. */
export interface Wired {
  readonly host: LinkEnd;
  readonly pod: LinkEnd;
  readonly mtu: number;
  readonly namespacePath: string;
  readonly addresses: readonly Address[];
  /** Destinations that the pod reaches by its gateway, blocks. */
  readonly routes: readonly string[];
  readonly dns: Fields | undefined;
}

/** The pod's whole network is its address. */
function asBlock(address: Address): string {
  return `${address}/${addressFamily(address) === 4 ? 32 : 128}`;
}

function routesOf(routes: readonly string[], family: 4 | 6): { readonly dst: string }[] {
  return routes.filter((dst) => dst.includes(":") === (family === 6)).map((dst) => ({ dst }));
}

/** 0.1.0 and 0.2.0 have room for one address of each family, and for no interface. */
function oldResult({ addresses, routes, dns }: Wired): Fields {
  const one = (family: 4 | 6): Fields | undefined => {
    const address = addresses.find((candidate) => addressFamily(candidate) === family);
    return address === undefined ? undefined : { ip: asBlock(address), routes: routesOf(routes, family) };
  };
  const [ip4, ip6] = [one(4), one(6)];
  return { ...(ip4 !== undefined && { ip4 }), ...(ip6 !== undefined && { ip6 }), dns: dns ?? {} };
}

function newResult(version: CniVersion, wired: Wired): Fields {
  const { host, pod, mtu, namespacePath, addresses, routes, dns } = wired;
  const withMtu = isAtLeast(version, "1.1.0") ? { mtu } : {};
  return {
    interfaces: [
      { name: host.name, mac: host.mac, ...withMtu },
      { name: pod.name, mac: pod.mac, ...withMtu, sandbox: namespacePath },
    ],
    ips: addresses.map((address) => ({
      ...(!isAtLeast(version, "1.0.0") && { version: String(addressFamily(address)) }),
      interface: 1,
      address: asBlock(address),
    })),
    routes: routes.map((dst) => ({ dst })),
    dns: dns ?? {},
  };
}

/** The specification's success object in the configuration's version, as text for standard output. */
export function printResult(version: CniVersion, wired: Wired): string {
  const result = isAtLeast(version, "0.3.0") ? newResult(version, wired) : oldResult(wired);
  return `${JSON.stringify({ cniVersion: version, ...result })}\n`;
}
