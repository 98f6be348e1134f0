import {
  encodeDeleteLink,
  encodeSetLink,
  encodeVethPair,
  type LinkSettings,
  type VethPair,
} from "./link-change-message.ts";
import type { MessageBuffer } from "./message-buffer.ts";
import {
  encodeAddress,
  encodeNeighbour,
  encodeRoute,
  type LinkAddress,
  type PermanentNeighbour,
  type Route,
} from "./route-change-message.ts";

/** One thing that rtnetlink is to do. */
export type NetworkChange =
  | { readonly kind: "addVethPair"; readonly pair: VethPair }
  | { readonly kind: "setLink"; readonly settings: LinkSettings }
  | { readonly kind: "deleteLink"; readonly index: number }
  /** Usable at once: nobody is asked whether it is taken (IFA_F_NODAD). An address that is there already is refused (EEXIST). */
  | { readonly kind: "addAddress"; readonly address: LinkAddress }
  | { readonly kind: "deleteAddress"; readonly address: LinkAddress }
  /** Refused (EEXIST) where the table has a route to the same destination. */
  | { readonly kind: "addRoute"; readonly route: Route }
  /** Instead of the one that the table has to the same destination, whosever it is. */
  | { readonly kind: "replaceRoute"; readonly route: Route }
  | { readonly kind: "deleteRoute"; readonly route: Route }
  /** Instead of what is known of the address. */
  | { readonly kind: "setNeighbour"; readonly neighbour: PermanentNeighbour };

function unreachableChange(change: never): never {
  throw new Error(`no such change: ${JSON.stringify(change)}`);
}

/** Writes the message of one change; it is answered by an NLMSG_ERROR of the same sequence number. */
export function encodeChange(buffer: MessageBuffer, change: NetworkChange, sequence: number): void {
  switch (change.kind) {
    case "addVethPair":
      return encodeVethPair(buffer, change.pair, sequence);
    case "setLink":
      return encodeSetLink(buffer, change.settings, sequence);
    case "deleteLink":
      return encodeDeleteLink(buffer, change.index, sequence);
    case "addAddress":
    case "deleteAddress":
      return encodeAddress(buffer, change, sequence);
    case "addRoute":
    case "replaceRoute":
    case "deleteRoute":
      return encodeRoute(buffer, change, sequence);
    case "setNeighbour":
      return encodeNeighbour(buffer, change.neighbour, sequence);
    default:
      return unreachableChange(change);
  }
}

/** For an error's words: IPv6 as in URLs, which is its canonical spelling; what is no address, as digits. */
function addressWords(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const digits = bytes.toHex().replace(/.{4}(?=.)/g, "$&:");
  return URL.parse(`http://[${digits}]`)?.hostname.slice(1, -1) ?? digits;
}

/** What an error says was tried. */
export function describeChange(change: NetworkChange): string {
  switch (change.kind) {
    case "addVethPair":
      return `make the veth pair of "${change.pair.name}" and "${change.pair.peer.name}"`;
    case "setLink":
      return `change interface number ${change.settings.index}`;
    case "deleteLink":
      return `delete interface number ${change.index}`;
    case "addAddress":
    case "deleteAddress": {
      const { address, prefixLength, link } = change.address;
      const verb = change.kind === "addAddress" ? "give" : "take";
      const to = change.kind === "addAddress" ? "to" : "from";
      return `${verb} ${addressWords(address)}/${prefixLength} ${to} interface number ${link}`;
    }
    case "addRoute":
    case "replaceRoute":
    case "deleteRoute": {
      const { destination, prefixLength, link } = change.route;
      const verb = change.kind.slice(0, -"Route".length);
      return `${verb} the route to ${addressWords(destination)}/${prefixLength} by interface number ${link}`;
    }
    case "setNeighbour":
      return `set the hardware address of ${addressWords(change.neighbour.address)}`;
    default:
      return unreachableChange(change);
  }
}
