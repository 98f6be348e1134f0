import type { Condition, Datastore, DatastoreEvent } from "../adapters/datastore.ts";
import type { Dataplane } from "../dataplane/dataplane.ts";
import { problemText } from "../model/problem.ts";
import { unreachable } from "../model/unreachable.ts";
import type { Compiler } from "../policy/compiler.ts";
import { createAnnouncer } from "./announcer.ts";
import type { Log } from "./log.ts";
import type { HostListener, NodeHost } from "./node-host.ts";
import { createPassReporter } from "./pass-reporter.ts";
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
  const reporter = createPassReporter({ compiler, dataplane, status, log });
  const settler = createSettler({
    compiler,
    dataplane,
    ...reporter,
    crashed: (error) => crash.abort(error),
    ...(parts.delay !== undefined && { delay: parts.delay }),
  });
  using _watch = parts.watchTable?.(() => {
    log.write("warning", "somebody else changed our table: it is built anew");
    dataplane.resync();
    settler.again();
  });

  const conditions: Record<"datastore" | "host", readonly Condition[]> = { datastore: [], host: [] };
  function tellConditions(from: keyof typeof conditions, found: readonly Condition[]): void {
    conditions[from] = found;
    status.conditions = [...conditions.datastore, ...conditions.host];
    announceConditions(status.conditions.map(({ text }) => text));
  }
  using host = parts.watchHost?.({
    moved: (updates) => settler.take(updates, performance.now()),
    conditions: (found) => tellConditions("host", found),
    trouble: (text) => log.write("warning", text),
  });

  function logInSync(): void {
    const { namespaces, endpoints, policies } = compiler.state;
    const counts = { namespaces: namespaces.size, endpoints: endpoints.size, policies: policies.size };
    log.write("info", "in sync", counts);
  }

  function take(event: DatastoreEvent): void {
    switch (event.kind) {
      case "updates":
        return settler.take(host?.place(event.updates) ?? event.updates, event.noticedAt);
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
  for await (const event of datastore.watch(ending)) {
    if (ending.aborted) break;
    take(event);
  }
  await settler.stop(LAST_PASS_MILLISECONDS);
  crash.signal.throwIfAborted();
  if (!stopping.aborted) throw new Error("the datastore ended by itself, which is a bug in its adapter");
}
