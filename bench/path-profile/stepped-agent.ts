import { createLocalPods } from "../../agent/pods/local-pods.ts";
import { openNftDataplane } from "../../dataplane/nft/driver.ts";
import type { NftWriter } from "../../dataplane/nft/writer.ts";
import { createCompiler } from "../../policy/compiler.ts";
import type { ClusterSize } from "../scripted-cluster/cluster-size.ts";
import { knownCluster } from "./known-cluster.ts";
import { createLaps, type Laps } from "./laps.ts";
import {
  type BatchObserver,
  observedWriter,
  observeSockets,
  type SocketObserver,
} from "./observed-writer.ts";

/** The agent's own parts in the agent's order, called one after the other with a look at the clock between them. */
export interface SteppedAgent extends AsyncDisposable {
  /** One line of the watch of pods, until it is in force; `counts`: whether its steps are kept. Gives the commands sent. */
  podLine(bytes: Uint8Array, counts: boolean): Promise<number>;
  /** From the line to the batch. */
  readonly toBatch: Laps;
  /** From the batch until it is in force. */
  readonly toKernel: Laps;
}

/** As many updates at once as the agent's intake hands over. */
const UPDATES_AT_ONCE = 50;

function observer(toBatch: Laps, toKernel: Laps): BatchObserver & SocketObserver {
  let hasSent = false;
  let hasCalled = false;
  return {
    began() {
      toBatch.lap("plan the difference");
      hasSent = false;
      hasCalled = false;
      toKernel.begin();
    },
    calling() {
      if (!hasCalled) toKernel.lap("encode");
      hasCalled = true;
    },
    called(call) {
      if (call === "send") toKernel.lap("send: the kernel's work");
      else toKernel.lap(hasSent ? "read the kernel's answers" : "clear old answers away");
      hasSent ||= call === "send";
    },
    ended: () => toKernel.lap("note in the writer"),
  };
}

/** Knows a cluster of that size, and its rules are in the kernel. The writer is the caller's to close. */
export async function openSteppedAgent(writer: NftWriter, size: ClusterSize): Promise<SteppedAgent> {
  const [toBatch, toKernel] = [createLaps(), createLaps()];
  const observing = observer(toBatch, toKernel);
  const { cluster, updates } = knownCluster(size);
  const compiler = createCompiler();
  const localPods = createLocalPods();
  const dataplane = openNftDataplane(observedWriter(writer, observing), { graceMilliseconds: 0 });
  const placed = localPods.place(updates);
  for (let at = 0; at < placed.length; at += UPDATES_AT_ONCE)
    compiler.apply(placed.slice(at, at + UPDATES_AT_ONCE));
  dataplane.want(compiler.ruleset, compiler.takeTouched());
  const settled = await dataplane.settle();
  await dataplane.tidied();
  if (settled.kind !== "applied")
    throw new Error(`the first rules are not in force: ${JSON.stringify(settled)}`);
  const sockets = observeSockets(observing);

  return {
    toBatch,
    toKernel,
    async podLine(bytes, counts) {
      toBatch.begin();
      const found = cluster.podLine(bytes, toBatch);
      const here = localPods.place(found);
      toBatch.lap("place local pods");
      compiler.apply(here);
      toBatch.lap("compile");
      const touched = compiler.takeTouched();
      toBatch.lap("take what was touched");
      dataplane.want(compiler.ruleset, touched);
      toBatch.lap("want");
      const result = await dataplane.settle();
      toKernel.lap("note in the driver");
      toBatch.end(counts);
      toKernel.end(counts);
      if (result.kind === "applied") return result.commands;
      if (result.kind === "unchanged") return 0;
      throw new Error(`a pod's line was not carried out: ${JSON.stringify(result)}`);
    },
    async [Symbol.asyncDispose]() {
      sockets[Symbol.dispose]();
      await dataplane[Symbol.asyncDispose]();
    },
  };
}
