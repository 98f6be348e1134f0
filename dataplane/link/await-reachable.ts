import { type Address, addressBytes, addressFamily } from "../../model/address.ts";
import { pollReadable } from "../../native/libc.ts";
import type { Rtnetlink } from "../../native/rtnetlink.ts";
import { GATEWAY_IPV6 } from "./pod-link.ts";

/** Milliseconds; kernel workers do their part in less than one where the machine has time. */
const LIMIT = 200;

/** One end of a link, and its IPv6 addresses. */
interface LinkEnd {
  readonly kernel: Rtnetlink;
  readonly index: number;
  readonly ipv6: readonly Uint8Array[];
}

function isReachable({ kernel, index, ipv6 }: LinkEnd): boolean {
  if (kernel.link({ index })?.operational === false) return false;
  return ipv6.every((address) => {
    const route = kernel.route(address, index);
    return route !== undefined && !route.unicast && route.prefixLength === address.length * 8;
  });
}

/**
 * Waits for what kernel workers do a moment after a link came up, so that no packet is lost afterwards. The end that came
 * up first drops all until it is noticed that the other one did (since Linux 6.8 the question itself sees to it); and a
 * worker adds the local route of an IPv6 address: before, the host sent neighbour advertisements for itself back to the
 * pod, and one in eight first packets was a second late.
 */
export function awaitReachable(
  host: { readonly kernel: Rtnetlink; readonly index: number },
  pod: { readonly kernel: Rtnetlink; readonly index: number },
  addresses: readonly Address[],
): void {
  const ipv6 = addresses.filter((address) => addressFamily(address) === 6).map(addressBytes);
  const ends: LinkEnd[] = [
    { ...host, ipv6: ipv6.length === 0 ? [] : [GATEWAY_IPV6] },
    { ...pod, ipv6 },
  ];
  for (let asked = 0; asked < LIMIT; asked++) {
    if (ends.every(isReachable)) return;
    pollReadable([], 1);
  }
}
