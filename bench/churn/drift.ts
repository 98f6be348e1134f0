import { collectObjects } from "../../adapters/objects/collect.ts";
import { readObject } from "../../adapters/objects/read-object.ts";
import { openNftDataplane } from "../../dataplane/nft/driver.ts";
import { TABLE } from "../../dataplane/nft/names.ts";
import { openWriter } from "../../dataplane/nft/open-writer.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { createCompiler, stateUpdates } from "../../policy/compiler.ts";
import type { ApiObject } from "../../test/api-server/store.ts";
import { NODE } from "../scripted-cluster/cluster-size.ts";
import { tableDifferences, type TableObjects, tableObjects } from "./table-objects.ts";

/** Our table as the kernel of that namespace has it. */
function listedTable(namespace: NetworkNamespace): TableObjects {
  const done = namespace.run(() => Bun.spawnSync(["nft", "-j", "list", "table", "inet", TABLE]));
  if (done.success) return tableObjects(done.stdout.toString());
  throw new Error(`nft -j list table inet ${TABLE}: ${done.stderr.toString()}; install nftables`);
}

/**
 * The table of an agent that begins with these objects: read, compiled and written from nothing, in a namespace of its own.
 * With the settings of startAgentProcess() and no grace for connections.
 */
export async function freshTable(objects: readonly ApiObject[]): Promise<TableObjects> {
  const options = { nodeName: NODE, podsWithoutNode: "nowhere" } as const;
  const { state } = collectObjects(
    objects.map((object) => ({ where: "", read: readObject(object, "", options) })),
  );
  const compiler = createCompiler();
  compiler.apply(stateUpdates(state));
  using namespace = NetworkNamespace.create();
  using writer = namespace.run(() => openWriter("netlink"));
  await using dataplane = openNftDataplane(writer, { unknownEndpoint: "accept", graceMilliseconds: 0 });
  dataplane.want(compiler.ruleset, compiler.takeTouched());
  const settled = await dataplane.settle();
  if (settled.kind === "failed") throw new Error(`${settled.tried}: ${settled.found}`);
  return listedTable(namespace);
}

/**
 * What the kernel holds differently from a table of these objects made from nothing. The agent may have to hear the last
 * changes, and to clear up behind them: until nothing differs, `milliseconds` at most.
 */
export async function driftFrom(
  objects: readonly ApiObject[],
  { namespace, milliseconds }: { readonly namespace: NetworkNamespace; readonly milliseconds: number },
): Promise<readonly string[]> {
  const wanted = await freshTable(objects);
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const differences = tableDifferences(listedTable(namespace), wanted);
    if (differences.length === 0 || performance.now() > deadline) return differences;
    await Bun.sleep(100);
  }
}
