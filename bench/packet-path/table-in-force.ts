import { collectObjects } from "../../adapters/objects/collect.ts";
import { readObject } from "../../adapters/objects/read-object.ts";
import { differences } from "../../adapters/differences.ts";
import type { Command } from "../../dataplane/nft/batch.ts";
import { openNftDataplane } from "../../dataplane/nft/driver.ts";
import { ACCEPT, connectionState } from "../../dataplane/nft/expressions.ts";
import { openWriter } from "../../dataplane/nft/open-writer.ts";
import type { Lab, PodPlace } from "../../demo/lab/lab.ts";
import { unreachable } from "../../model/unreachable.ts";
import { emptyClusterState } from "../../model/update.ts";
import { createCompiler } from "../../policy/compiler.ts";
import { cluster } from "./policies.ts";
import type { Table } from "./variants.ts";

/** The pods' ends of a lab. */
export interface Ends {
  readonly client: PodPlace;
  readonly server: PodPlace;
}

function establishedOnly(): readonly Command[] {
  const [family, table, chain] = ["inet", "bench", "forward"] as const;
  return [
    { add: { table: { family, name: table } } },
    {
      add: {
        chain: { family, table, name: chain, type: "filter", hook: "forward", prio: 0, policy: "accept" },
      },
    },
    { add: { rule: { family, table, chain, expr: [connectionState("established", "related"), ACCEPT] } } },
  ];
}

/** The whole way from Kubernetes objects to the kernel, as the agent goes it. */
async function enforce(lab: Lab, { client, server }: Ends, policies: number): Promise<AsyncDisposable> {
  await using building = new AsyncDisposableStack();
  const writer = building.use(lab.node.network.run(() => openWriter("netlink")));
  // Nothing was open before, so nothing needs the grace, in which every packet costs more.
  const dataplane = building.use(openNftDataplane(writer, { graceMilliseconds: 0 }));
  const { state, problems } = collectObjects(
    cluster(client, server, policies).map((object, index) => {
      const where = `object ${index + 1}`;
      return { where, read: readObject(JSON.parse(JSON.stringify(object)), where) };
    }),
  );
  const compiler = createCompiler();
  compiler.apply(differences(emptyClusterState(), state));
  dataplane.want(compiler.ruleset, compiler.takeTouched());
  const settled = await dataplane.settle();
  if (settled.kind !== "applied" || problems.length > 0)
    throw new Error(
      `could not bring ${policies} policies into force: ${JSON.stringify({ settled, problems })}`,
    );
  return building.move();
}

/** Brings the table into the kernel of the lab's node; what is given back ends with it. */
export async function putInForce(lab: Lab, ends: Ends, table: Table): Promise<AsyncDisposable> {
  switch (table.kind) {
    case "none":
      return new AsyncDisposableStack();
    case "established": {
      using writer = lab.node.network.run(() => openWriter("netlink"));
      const done = writer.apply({ nftables: establishedOnly() });
      if (!done.ok) throw new Error(`the kernel refused the established-only table: ${JSON.stringify(done)}`);
      return new AsyncDisposableStack();
    }
    case "tortie":
      return enforce(lab, ends, table.policies);
    default:
      return unreachable(table);
  }
}
