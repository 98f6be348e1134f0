import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type ApiObject, startApiServer } from "../../test/api-server/api-server.ts";
import { builtProgram } from "../../test/real/programs.ts";
import type { Measurement } from "../measurement.ts";
import { resultOf } from "../result.ts";
import { type Command, measureStarts } from "./measure.ts";

const PODS = 100;

function pod(index: number): ApiObject {
  const ip = `10.65.0.${index}`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `pod-${index}`, namespace: "bench", uid: `uid-${index}`, labels: { app: "bench" } },
    spec: { nodeName: "node", containers: [{ name: "c", image: "i" }] },
    status: { phase: "Running", podIP: ip, podIPs: [{ ip }] },
  };
}

export const ctlStart: Measurement = {
  name: "ctl-start",
  summary: "how long calicoctl takes from start to end, beside the bare executable and kubectl",
  async *run(context) {
    const { full, directory, progress } = context;
    const tortie = await context.executable();
    const [calicoctl, home] = [join(directory, "calicoctl"), join(directory, "home")];
    symlinkSync(tortie, calicoctl);
    mkdirSync(home);
    await using server = await startApiServer();
    server.replaceAll(Array.from({ length: PODS }, (_, index) => pod(index + 1)));
    const environment = { HOME: home, DATASTORE_TYPE: "kubernetes", K8S_API_ENDPOINT: server.url };
    const commands: Command[] = [
      { name: "tortie version", words: [tortie, "version"], environment },
      { name: "calicoctl version", words: [calicoctl, "version"], environment },
      {
        name: `calicoctl get workloadendpoints (${PODS} pods)`,
        words: [calicoctl, "get", "workloadendpoints", "-n", "bench"],
        environment,
      },
    ];
    const kubectl = builtProgram("kubectl");
    if (kubectl === undefined) progress("kubectl is left out: script/real-servers was not run yet");
    else commands.push({ name: "kubectl version", words: [kubectl, "version", "--client"], environment });
    const starts = await measureStarts(commands, full ? 200 : 40);
    for (const [at, { name }] of commands.entries())
      yield resultOf(
        { metric: "calicoctl_start_seconds", labels: { command: name }, unit: "seconds" },
        starts[at] ?? [],
      );
  },
};
