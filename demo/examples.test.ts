import { expect, test } from "bun:test";
import { fileDatastore } from "../adapters/file/datastore.ts";
import type { Address } from "../model/address.ts";
import { CLUSTER, introduction, STEPS } from "./examples.ts";
import { opinions, type Opinions, readOnce } from "./judges.ts";
import type { LabFlow } from "./lab/lab.ts";
import { ManifestDirectory } from "./manifests.ts";
import { CELLS, forgedFlows } from "./probe-plan.ts";

const FLOWS = CELLS.flatMap((cell) => cell.flows);

/** What explain and the oracle say of the directory as it is; packets are left out. */
async function judged(directory: ManifestDirectory, flows: readonly LabFlow[]): Promise<Opinions[]> {
  const state = await readOnce(fileDatastore({ directory: directory.path, nodeName: "node" }));
  return opinions(flows, [], { state, world: directory.world() });
}

test("each step changes the fate of the flow that it watches, and explain and oracle agree on all flows", async () => {
  using directory = new ManifestDirectory();
  directory.write(CLUSTER);
  for (const { file, watch, arrives } of STEPS) {
    const [before] = await judged(directory, [watch]);
    expect(before?.oracle).toBe(!arrives);
    directory.write(file);
    const after = await judged(directory, [watch, ...FLOWS]);
    expect(after[0]?.oracle).toBe(arrives);
    expect(after.filter(({ explain, oracle }) => explain !== oracle)).toEqual([]);
  }
  const forged = await judged(
    directory,
    forgedFlows(["10.65.1.2", "fd00:65::1:2"] as Address[], "x/b", "x/a"),
  );
  expect(forged).toHaveLength(7 * 6);
  expect(forged.filter(({ explain, oracle }) => explain || oracle)).toEqual([]);
});

test("introduction gives the comment at the head of every example", () => {
  for (const { file } of STEPS) expect(introduction(file).join(" ").length).toBeGreaterThan(40);
});
