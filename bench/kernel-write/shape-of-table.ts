import { NetlinkWriter } from "../../dataplane/nft/netlink-writer.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { driveNode } from "./driven-node.ts";
import { type NodeShape, nodeUpdates } from "./world.ts";

export interface TableSize {
  readonly chains: number;
  /** Maps included. */
  readonly sets: number;
}

const PROBED = 10;

async function tableSize(shape: Omit<NodeShape, "name">): Promise<TableSize> {
  using namespace = NetworkNamespace.create();
  using writer = namespace.run(() => new NetlinkWriter());
  await using node = await driveNode(writer, nodeUpdates({ ...shape, name: "probe" }));
  return { chains: node.chains, sets: node.sets };
}

/** Endpoints for the sets, then isolated ones for the chains that are wanting: no fewer than asked for, few more. */
export function shapeFor(
  wanted: TableSize,
  found: Readonly<Record<"none" | "endpoints" | "isolated", TableSize>>,
): Omit<NodeShape, "name"> {
  const { none } = found;
  const setsEach = (found.endpoints.sets - none.sets) / PROBED;
  const chainsEach = (found.endpoints.chains - none.chains) / PROBED;
  const chainsIsolated = (found.isolated.chains - none.chains) / PROBED;
  const endpoints = Math.ceil((wanted.sets - none.sets) / setsEach);
  const wanting = wanted.chains - none.chains - endpoints * chainsEach;
  return { endpoints, isolated: Math.max(0, Math.ceil(wanting / chainsIsolated)) };
}

/** A node whose table has so many chains and sets: how many an endpoint takes is the driver's affair, and may change. */
export async function shapeOfTable({
  name,
  ...wanted
}: TableSize & { readonly name: string }): Promise<NodeShape> {
  const none = await tableSize({ endpoints: 0, isolated: 0 });
  const endpoints = await tableSize({ endpoints: PROBED, isolated: 0 });
  const isolated = await tableSize({ endpoints: 0, isolated: PROBED });
  return { name, ...shapeFor(wanted, { none, endpoints, isolated }) };
}
