import { LibnftablesWriter } from "../../dataplane/nft/libnftables-writer.ts";
import { NetlinkWriter } from "../../dataplane/nft/netlink-writer.ts";
import type { NftWriter } from "../../dataplane/nft/writer.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { type WriterPlace, writerBehaviour } from "../dataplane/writer-behaviour.ts";

function placeOf(create: () => NftWriter): WriterPlace {
  const namespace = NetworkNamespace.create();
  return {
    open: () => namespace.run(create),
    [Symbol.dispose]: () => namespace[Symbol.dispose](),
  };
}

writerBehaviour("netlink", () => placeOf(() => new NetlinkWriter()));
writerBehaviour("libnftables", () => placeOf(() => new LibnftablesWriter()));
