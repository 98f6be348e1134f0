import type { Condition, Datastore, DatastoreEvent } from "../adapters/datastore.ts";
import type { Dataplane } from "../dataplane/dataplane.ts";
import { problemText } from "../model/problem.ts";
import type { Update } from "../model/update.ts";
import { unreachable } from "../model/unreachable.ts";
import type { Compiler } from "../policy/compiler.ts";
import { createAnnouncer } from "./announcer.ts";
import type { PoolWatch, WatchPoolsOptions } from "./host/ip-pools.ts";
import type { Log } from "./log.ts";
import type { HostListener, NodeHost } from "./host/node-host.ts";
import type { Metrics } from "./metrics.ts";
import { createPassReporter } from "./pass-reporter.ts";
import type { PodNetwork, PodNetworkHooks } from "./pods/pod-network.ts";
import { createSettler, type SettlerOptions } from "./settler.ts";
import { createStatusLog } from "./status-log.ts";
import type { AgentStatus } from "./status.ts";

export interface AgentParts {
  readonly datastore: Datastore;
  readonly compiler: Compiler;
  readonly dataplane: Dataplane;
  readonly status: AgentStatus;
  readonly log: Log;
  /** Calls back when foreign hands changed the table; undefined where they cannot. */
  readonly watchTable?: ((changed: () => void) => Disposable) | undefined;
  /** Undefined: pods have the interfaces that the datastore says, and nobody looks at the host. */
  readonly watchHost?: ((listener: HostListener) => NodeHost) | undefined;
  readonly watchPools?:
    | ((listener: Pick<WatchPoolsOptions, "changed" | "conditions">) => PoolWatch)
    | undefined;
  /** Called once the first rules are in force and our plugin is listened to: from then on runtimes may call it. */
  readonly keepCniConfig?: ((told: (conditions: readonly Condition[]) => void) => Disposable) | undefined;
  /** Undefined: our CNI plugin does not wire this node's pods. */
  readonly openPodNetwork?: ((hooks: PodNetworkHooks) => PodNetwork) | undefined;
  /** Undefined: nobody asks for metrics. */
  readonly openMetrics?:
    | ((conditions: (found: readonly Condition[]) => void) => Promise<Metrics>)
    | undefined;
  readonly stopping: AbortSignal;
  readonly delay?: SettlerOptions["delay"];
}

/** How long a pass that runs at the end may take to finish: the process has a second in all. */
const LAST_PASS_MILLISECONDS = 400;

/**
 * Datastore to kernel until `stopping` fires; the rules stay. Throws what ends it otherwise: a bug of a part, or a
 * datastore that ended by itself.
 */
export async function runAgent(parts: AgentParts): Promise<void> {
  const { datastore, compiler, dataplane, status, log, stopping } = parts;
  const crash = new AbortController();
  const announceProblems = createAnnouncer({
    log,
    level: "warning",
    appeared: "problem",
    mended: "problem mended",
  });
  const announceConditions = createAnnouncer({
    log,
    level: "warning",
    appeared: "condition",
    mended: "condition ended",
  });
  using statusLog = createStatusLog({ log });
  using reporter = createPassReporter({ compiler, dataplane, status, log });
  const settler = createSettler({
    compiler,
    dataplane,
    passBegins: reporter.passBegins,
    passEnds: (pass) => {
      reporter.passEnds(pass);
      metrics?.passEnded(pass);
      // The first call may give every pod its route, so it waits for the first rules.
      if (pass.failures === 0) podNetwork?.inForce(compiler.ruleset.endpoints, pass.endpoints);
    },
    crashed: (error) => crash.abort(error),
    ...(parts.delay !== undefined && { delay: parts.delay }),
  });
  using _watch = parts.watchTable?.(() => {
    log.write("warning", "somebody else changed our table: it is built anew");
    dataplane.resync();
    settler.again();
  });

  const conditions = new Map<
    "datastore" | "host" | "pools" | "links" | "cniConfig" | "metrics",
    readonly Condition[]
  >();
  function tellConditions(from: Parameters<typeof conditions.set>[0], found: readonly Condition[]): void {
    conditions.set(from, found);
    status.conditions = [...conditions.values()].flat();
    announceConditions(status.conditions.map(({ text }) => text));
  }
  using metrics =
    parts.openMetrics === undefined
      ? undefined
      : await parts.openMetrics((found) => tellConditions("metrics", found));
  using host = parts.watchHost?.({
    moved: (updates) => settler.take(updates, performance.now()),
    conditions: (found) => tellConditions("host", found),
    trouble: (text) => log.write("warning", text),
  });

  using pools = parts.watchPools?.({
    changed: (updates) => settler.take(updates, performance.now()),
    conditions: (found) => tellConditions("pools", found),
  });
  if (pools !== undefined) settler.take(pools.updates(), performance.now());
  using podNetwork = parts.openPodNetwork?.({
    status,
    ruleset: () => settler.ruleset,
    take: (updates) => settler.take(updates, performance.now()),
    carried: () => settler.carried(),
    datastore,
    linkConditions: (found) => tellConditions("links", found),
  });

  /** The updates with what the host's routes, or our plugin, know of this node's pods. */
  function placed(updates: readonly Update[]): readonly Update[] {
    const onHost = host?.place(updates) ?? updates;
    return podNetwork?.place(onHost) ?? onHost;
  }

  function logInSync(): void {
    const { namespaces, endpoints, policies } = compiler.state;
    const counts = { namespaces: namespaces.size, endpoints: endpoints.size, policies: policies.size };
    log.write("info", "in sync", counts);
  }

  function take(event: DatastoreEvent): void {
    switch (event.kind) {
      case "updates":
        return settler.take(placed(event.updates), event.noticedAt);
      case "inSync":
        status.inSync = true;
        return void settler.open().then(logInSync);
      case "problems":
        status.problems = event.problems;
        return announceProblems(event.problems.map(problemText));
      case "status":
        status.datastore = event.status;
        return statusLog.take(event.status);
      case "conditions":
        return tellConditions("datastore", event.conditions);
      default:
        return unreachable(event);
    }
  }

  const ending = AbortSignal.any([stopping, crash.signal]);
  using later = new DisposableStack();
  async function afterFirstRules(): Promise<void> {
    while ((await settler.carried()).kind === "failed");
    await podNetwork?.listening;
    if (!ending.aborted) later.use(parts.keepCniConfig?.((found) => tellConditions("cniConfig", found)));
  }
  afterFirstRules().catch((error: unknown) => crash.abort(error));
  for await (const event of datastore.watch(ending)) {
    if (ending.aborted) break;
    take(event);
    if (event.kind !== "updates") podNetwork?.changed();
  }
  await settler.stop(LAST_PASS_MILLISECONDS);
  crash.signal.throwIfAborted();
  if (!stopping.aborted) throw new Error("the datastore ended by itself, which is a bug in its adapter");
}
