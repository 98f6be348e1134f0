import type { Datastore } from "../adapters/datastore.ts";
import { type ClusterState, emptyClusterState, fold } from "../model/update.ts";
import { createExplainer } from "../policy/explain.ts";
import type { World } from "../test/oracle/objects.ts";
import { oracleAllows } from "../test/oracle/oracle.ts";
import type { LabFlow } from "./lab/lab.ts";
import { explainFlow, oracleFlow } from "./probe-plan.ts";

/** What three that know nothing of each other say of one flow: true is that it gets through. */
export interface Opinions {
  readonly flow: LabFlow;
  readonly packets: boolean;
  readonly explain: boolean;
  readonly oracle: boolean;
}

export function agree({ packets, explain, oracle }: Opinions): boolean {
  return packets === explain && packets === oracle;
}

/** Everything that the datastore holds now. */
export async function readOnce(datastore: Datastore): Promise<ClusterState> {
  const state = emptyClusterState();
  const stopping = new AbortController();
  for await (const event of datastore.watch(stopping.signal)) {
    if (event.kind === "updates") for (const update of event.updates) fold(state, update);
    if (event.kind === "inSync") break;
  }
  stopping.abort();
  return state;
}

/** Compares what was measured with `explain` over tortie's reading and with the oracle over the plain objects. */
export function opinions(
  flows: readonly LabFlow[],
  packets: readonly boolean[],
  { state, world }: { readonly state: ClusterState; readonly world: World },
): Opinions[] {
  const explain = createExplainer(state);
  return flows.map((flow, index) => ({
    flow,
    packets: packets[index] === true,
    explain: explain(explainFlow(flow)).verdict === "allowed",
    oracle: oracleAllows(world, oracleFlow(flow)),
  }));
}

/** For people: who disagrees on what. */
export function disagreementText({ flow, packets, explain, oracle }: Opinions): string {
  const say = (allowed: boolean): string => (allowed ? "allowed" : "denied");
  const claim = flow.claimedSource === undefined ? "" : ` as ${flow.claimedSource}`;
  const what = `${flow.from}${claim} -> ${flow.to} ${flow.protocol} ${flow.port} over IPv${flow.family}`;
  return `${what}: packets ${say(packets)}, explain ${say(explain)}, oracle ${say(oracle)}`;
}
