import { type Address, addressBytes } from "../../model/address.ts";
import type { Link } from "../../native/link-message.ts";
import type { RouteMessage } from "../../native/route-message.ts";

/** Where the host sends packets to an address. */
export interface HostRoute {
  /** Of the entry that decides, in bits: 32 or 128 is an entry for this address alone. */
  readonly prefixLength: number;
  /** Whether the address is on the interface's link itself: one way out, and no machine in between. */
  readonly direct: boolean;
  /** The one interface that packets leave by; undefined where there are several. */
  readonly link: Link | undefined;
}

/** What the host's routes and interfaces say at the moment of asking. */
export interface HostView {
  /** Undefined: the host itself has the address, drops its packets or knows no way. */
  readonly routeOf: (address: Address) => HostRoute | undefined;
}

/** Whom `hostView` asks: native/rtnetlink.ts, or a test's own. */
export interface HostQuestions {
  readonly route: (address: Uint8Array) => RouteMessage | undefined;
  readonly link: (index: number) => Link | undefined;
}

/** Puts the answers about routes and about links together. */
export function hostView({ route, link }: HostQuestions): HostView {
  return {
    routeOf(address) {
      const found = route(addressBytes(address));
      if (found === undefined || !found.unicast) return undefined;
      const [first, ...others] = found.nextHops;
      const single = first !== undefined && others.length === 0;
      return {
        prefixLength: found.prefixLength,
        direct: single && !first.gateway,
        link: single ? link(first.interface) : undefined,
      };
    },
  };
}
