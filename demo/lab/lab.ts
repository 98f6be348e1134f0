import { type Address, parseAddress } from "../../model/address.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { firstChange, type FirstChangeOptions } from "./first-change.ts";
import { type LabFlow, resolveFlow } from "./flow.ts";
import { LabError } from "./lab-error.ts";
import {
  type LabPod,
  NODE_ADDRESSES,
  OUTSIDE_ADDRESSES,
  type Place,
  type PodPlace,
  podPlace,
} from "./place.ts";
import { probeFlows } from "./probe.ts";
import { Servers } from "./servers.ts";
import { SourcePorts } from "./source-ports.ts";
import { wire } from "./wiring.ts";

export type { LabFlow } from "./flow.ts";
export type { LabPod, Place, PodPlace } from "./place.ts";

export interface LabOptions {
  readonly pods: readonly LabPod[];
  /** Addresses of hosts beyond the node. Default: 203.0.113.10 and .200, 2001:db8:113::10 and ::200. */
  readonly outside?: readonly string[];
  /** Addresses of the node before 192.0.2.1 and 2001:db8:2::1, which its uplink has; the first ones speak. */
  readonly nodeAddresses?: readonly string[];
  /** False: the pods are network namespaces with nothing but `lo` in them, for a CNI plugin to wire. */
  readonly wired?: boolean;
}

/** A node with pods on it and a host beyond it, all of them network namespaces without names. */
export interface Lab extends Disposable {
  readonly node: Place;
  readonly outside: Place;
  /** By `NAMESPACE/POD`. */
  readonly pods: ReadonlyMap<string, PodPlace>;
  /** Whether each flow's first packet gets through; all are under way at once. */
  probe(flows: readonly LabFlow[]): Promise<boolean[]>;
  /**
   * Sends a new flow each millisecond until the verdict is `arrives`; gives when the first such packet was sent
   * (performance.now()), undefined if none was within the limit.
   */
  firstChange(flow: LabFlow, arrives: boolean, options: FirstChangeOptions): Promise<number | undefined>;
}

function addresses(texts: readonly string[]): Address[] {
  return texts.map((text) => {
    const address = parseAddress(text);
    if (address !== undefined) return address;
    throw new LabError({ tried: "build the lab", found: `"${text}" is no address`, next: "correct it" });
  });
}

/** Builds a lab in well under a second. Throws NetworkNamespaceError without the right to, LabError for a bad plan. */
export function createLab(options: LabOptions): Lab {
  using building = new DisposableStack();
  const network = (): NetworkNamespace => building.use(NetworkNamespace.create());
  const node: Place = {
    key: "node",
    network: network(),
    addresses: [...addresses(options.nodeAddresses ?? []), ...NODE_ADDRESSES],
  };
  const outside: Place = {
    key: "outside",
    network: network(),
    addresses: addresses(options.outside ?? OUTSIDE_ADDRESSES),
  };
  const podPlaces = options.pods.map((pod, index) => podPlace(pod, index, network()));
  wire(node, outside, options.wired === false ? [] : podPlaces);
  const servers = building.use(new Servers());
  const ports = new SourcePorts();
  const pods = new Map(podPlaces.map((pod) => [pod.key, pod]));
  const places: ReadonlyMap<string, Place> = new Map([
    ...podPlaces.map((pod): [string, Place] => [pod.key, pod]),
    ["node", node],
    ["outside", outside],
  ]);
  const resources = building.move();
  const resolve = (flow: LabFlow) => resolveFlow(places, flow);
  return {
    node,
    outside,
    pods,
    probe: async (flows) => probeFlows({ node, outside, servers, ports }, flows.map(resolve)),
    firstChange: async (flow, arrives, change) => firstChange(resolve(flow), arrives, { ...change, ports }),
    [Symbol.dispose]: () => resources.dispose(),
  };
}
