import type { Settled } from "../../dataplane/dataplane.ts";
import type { Answer, NodeFacts, RequestBody } from "../../handshake/messages.ts";
import type { Endpoint } from "../../model/endpoint.ts";
import { createCompiler } from "../../policy/compiler.ts";
import { createBell } from "../bell.ts";
import { createLocalPods, type LocalPods } from "./local-pods.ts";
import { createPodRequests, type PodRequestsOptions } from "./pod-requests.ts";
import { type AgentStatus, createStatus } from "../status.ts";
import { APPLIED, collectedLog, until } from "../test-parts.ts";
import { podUpdate, testRecord } from "./test-records.ts";

export const NODE: NodeFacts = { name: "node-1", podCidrs: [], mtu: 1_450 };

/** One request, as it is answered. */
export interface Call {
  readonly answers: Answer[];
  readonly hangUp: () => void;
  readonly ended: Promise<void>;
}

export interface RequestBench {
  readonly localPods: LocalPods;
  readonly status: AgentStatus;
  /** Something changed that requests may wait for. */
  readonly ring: () => void;
  /** What the log says. */
  readonly text: () => string;
  readonly events: readonly string[];
  readonly waiting: ReadonlyMap<string, string>;
  /** The datastore tells of it. */
  readonly know: (endpoint: Endpoint) => void;
  readonly ask: (body: RequestBody) => Call;
  /** Ends the pass that is waited for. */
  readonly pass: (settled?: Settled) => Promise<void>;
}

/** Everything real but the kernel: passes end as they are told to. */
export function requestBench(options: Partial<PodRequestsOptions> = {}): RequestBench {
  const { localPods = createLocalPods() } = options;
  const compiler = createCompiler();
  const changed = createBell();
  const status = {
    ...createStatus(),
    datastore: { kind: "connected" as const },
    inSync: true,
    applied: true,
  };
  const { log, text } = collectedLog();
  const events: string[] = [];
  let passes: ((settled: Settled) => void)[] = [];
  const requests = createPodRequests({
    localPods,
    status,
    ruleset: () => compiler.ruleset,
    take: (updates) => compiler.apply(updates),
    carried: () => new Promise((resolve) => passes.push(resolve)),
    node: () => NODE,
    lookUp: undefined,
    changed,
    reconcile: () => {
      events.push("reconcile");
      return false;
    },
    wired: ({ containerId }) => void events.push(`wired ${containerId}`),
    unwired: ({ containerId }) => void events.push(`unwired ${containerId}`),
    log,
    ...options,
  });
  return {
    localPods,
    status,
    ring: () => changed.ring(),
    text,
    events,
    waiting: requests.waiting,
    know: (endpoint: Endpoint) => {
      compiler.apply(localPods.place([podUpdate(endpoint)]));
      changed.ring();
    },
    ask: (body: RequestBody): Call => {
      const answers: Answer[] = [];
      const gone = new AbortController();
      const caller = { gone: gone.signal, tell: (answer: Answer) => void answers.push(answer) };
      const ended = requests.answer({ ...body, version: 1 }, caller);
      return { answers, ended, hangUp: () => gone.abort() };
    },
    pass: async (settled: Settled = APPLIED) => {
      await until(() => passes.length > 0);
      const riding = passes;
      passes = [];
      for (const tell of riding) tell(settled);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

export const ADD: RequestBody = { kind: "add", record: testRecord("c1") };
export const CHECK: RequestBody = { kind: "check", containerId: "c1" };
export const DELETE: RequestBody = { kind: "delete", containerId: "c1" };
