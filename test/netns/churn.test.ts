import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureChurn } from "../../bench/churn/measure.ts";
import { clusterSize } from "../../bench/scripted-cluster/cluster-size.ts";
import { testSeed } from "../worlds/seed.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const seed = testSeed();

test(`3 s of churn, seed ${seed}: the kernel holds what an agent that begins anew would write`, async () => {
  const directory = mkdtempSync(join(tmpdir(), "tortie-churn-"));
  const told: string[] = [];
  try {
    const churned = await measureChurn(
      {
        size: clusterSize({ pods: 300, policies: 40, local: 20 }),
        podChangesPerSecond: 800,
        policyChangesPerSecond: 100,
        localOneIn: 4,
        namespaceOneIn: 50,
        seed,
        age: 1,
        warmUpSeconds: 0,
        stretches: 3,
        stretchSeconds: 1,
        tidySeconds: 5,
      },
      {
        command: [process.execPath, MAIN, "agent"],
        clock: false,
        directory,
        progress: (text) => void told.push(text),
      },
    );
    expect({ drift: churned.drift, told }).toEqual({ drift: [[], [], []], told: [] });
    expect(churned.missing).toBe(0);
    expect(churned.milliseconds.length).toBeGreaterThan(10);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
