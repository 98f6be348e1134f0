import { unreachable } from "../../model/unreachable.ts";
import { LibnftablesWriter } from "./libnftables-writer.ts";
import { NetlinkWriter } from "./netlink-writer.ts";
import type { NftWriter } from "./writer.ts";

/** Opened in the network namespace that the thread is in. Throws SystemCallError or LibnftablesMissingError. */
export function openWriter(kind: NftWriter["kind"]): NftWriter {
  switch (kind) {
    case "netlink":
      return new NetlinkWriter();
    case "libnftables":
      return new LibnftablesWriter();
    default:
      return unreachable(kind);
  }
}
