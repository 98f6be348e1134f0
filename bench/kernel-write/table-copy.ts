import type { Batch } from "../../dataplane/nft/batch.ts";
import { NetlinkWriter } from "../../dataplane/nft/netlink-writer.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";

/** The same table in a network namespace of its own. `built`: everything that made it. */
export function tableCopy(built: readonly Batch[]): NetworkNamespace {
  const namespace = NetworkNamespace.create();
  using writer = namespace.run(() => new NetlinkWriter());
  for (const batch of built) {
    const result = writer.apply(batch);
    if (result.ok) continue;
    namespace[Symbol.dispose]();
    throw new Error(`a table could not be made a second time: ${JSON.stringify(result.failures)}`);
  }
  return namespace;
}
