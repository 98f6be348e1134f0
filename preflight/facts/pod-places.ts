import type { BridgeUse } from "../../dataplane/route/placement.ts";
import { type Address, addressFamily } from "../../model/address.ts";
import type { EndpointId } from "../../model/endpoint.ts";
import type { Link } from "../../native/link-message.ts";
import type { LocalPod } from "./cluster-facts.ts";
import type { KernelFacts } from "./kernel-facts.ts";
import { type Known, known } from "../known.ts";

/** Where packets to an address of a pod go from this node. */
export interface PodPlace {
  readonly pod: string;
  readonly address: Address;
  /** Name; undefined: nowhere. */
  readonly link: string | undefined;
  /** Another machine would pass them on. */
  readonly gateway: boolean;
  readonly bridge: boolean;
}

export interface PodPlaces {
  readonly places: readonly PodPlace[];
  readonly bridges: readonly BridgeUse[];
}

function bridgeUses(
  found: readonly { readonly place: PodPlace; readonly link: Link | undefined }[],
): BridgeUse[] {
  const behind = found.filter(({ place }) => place.bridge && !place.gateway);
  const groups = Map.groupBy(behind, ({ place }) => `${addressFamily(place.address)} ${place.link ?? ""}`);
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first?.link === undefined) return [];
    const { name, callsHooks } = first.link;
    const pods = new Set([first, ...others].map(({ place }) => place.pod as EndpointId));
    return [{ name, family: addressFamily(first.place.address), callsHooks, endpoints: [...pods] }];
  });
}

/** Asks the kernel for the way to each address. */
export function findPodPlaces(pods: readonly LocalPod[], way: KernelFacts["way"]): Known<PodPlaces> {
  const found: { place: PodPlace; link: Link | undefined }[] = [];
  for (const { name: pod, addresses } of pods) {
    for (const address of addresses) {
      const answer = way(address);
      if (!answer.known) return answer;
      const { link, gateway } = answer.value;
      const place = { pod, address, link: link?.name, gateway, bridge: link?.kind === "bridge" };
      found.push({ place, link });
    }
  }
  return known({ places: found.map(({ place }) => place), bridges: bridgeUses(found) });
}
