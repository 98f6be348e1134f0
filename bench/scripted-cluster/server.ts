#!/usr/bin/env bun
// A process of its own: what it holds and what it spends must not count for the agent.
import { writeFileSync } from "node:fs";
import { startApiServer } from "../../test/api-server/api-server.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { Change } from "./change.ts";
import { createCluster } from "./cluster.ts";
import {
  type Arrival,
  type FromServer,
  type Load,
  type ServerSettings,
  type ToServer,
  wallClock,
} from "./server-messages.ts";

const KINDS = ["Node", "Namespace", "NetworkPolicy", "Pod"];
const TICK_MILLISECONDS = 5;

const { way, ...options } = JSON.parse(process.argv[2] ?? "{}") as ServerSettings;
const server = await startApiServer({
  streamingLists: way === "streaming" ? "served" : 422,
  refusedFields: way === "streaming" ? [] : ["spec.hostNetwork"],
});
const cluster = createCluster(options);
server.replaceAll(cluster.objects());

function tell(message: FromServer): void {
  process.send?.(message);
}

function make(one: Change, arrivals: Arrival[]): void {
  if (one.kind === "remove") return server.remove(one.of, one.key);
  server.apply(one.object());
  if (one.arrives !== undefined) arrivals.push({ address: one.arrives, at: wallClock() });
}

async function change({ podChanges, policyChanges, seconds }: Load): Promise<void> {
  const began = performance.now();
  let [pods, policies] = [0, 0];
  while (pods < podChanges || policies < policyChanges) {
    await Bun.sleep(TICK_MILLISECONDS);
    const share = seconds === 0 ? 1 : Math.min(1, (performance.now() - began) / 1_000 / seconds);
    const arrivals: Arrival[] = [];
    for (; pods < Math.floor(podChanges * share); pods++) make(cluster.pod(), arrivals);
    for (; policies < Math.floor(policyChanges * share); policies++) make(cluster.policy(), arrivals);
    if (arrivals.length > 0) tell({ kind: "arrived", arrivals });
  }
  tell({ kind: "changed", seconds: (performance.now() - began) / 1_000 });
}

process.on("message", (message: ToServer) => {
  switch (message.kind) {
    case "change":
      return void change(message.load);
    case "write": {
      const lines = KINDS.flatMap((kind) => server.objects(kind)).map((one) => JSON.stringify(one));
      writeFileSync(message.file, lines.join("\n"));
      return tell({ kind: "written" });
    }
    default:
      return unreachable(message);
  }
});
tell({ kind: "ready", url: server.url });
