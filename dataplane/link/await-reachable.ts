import { type Address, addressBytes, addressFamily } from "../../model/address.ts";
import type { Rtnetlink } from "../../native/rtnetlink.ts";
import { GATEWAY_IPV6 } from "./pod-link.ts";

/** Milliseconds. Kernel workers do their part in a tenth of one where the machine has time; then pauses grow. */
const FIRST_PAUSE = 0.1;
const LONGEST_PAUSE = 5;
const LIMIT = 200;

const nobody = new Int32Array(new SharedArrayBuffer(4));

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
  const began = performance.now();
  for (let pause = FIRST_PAUSE; !ends.every(isReachable); pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    if (performance.now() - began > LIMIT) return;
    // Sleeps: nobody wakes it.
    Atomics.wait(nobody, 0, 0, pause);
  }
}
