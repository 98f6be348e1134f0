import type { Dataplane, RefusedObject, Settled } from "../dataplane/dataplane.ts";
import { unreachable } from "../model/unreachable.ts";
import type { Compiler } from "../policy/compiler.ts";
import { createAnnouncer } from "./announcer.ts";
import type { Log } from "./log.ts";
import { createSettledLog, type SettledPasses } from "./settled-log.ts";
import type { Pass, SettlerOptions } from "./settler.ts";
import { shortened } from "./shortened.ts";
import type { AgentStatus } from "./status.ts";

export interface PassReporterOptions {
  readonly compiler: Compiler;
  readonly dataplane: Dataplane;
  readonly status: AgentStatus;
  readonly log: Log;
}

function refusedText({ kind, id, title, because, consequence }: RefusedObject): string {
  return `${kind} ${id} (${title}): ${because}; ${consequence}`;
}

type Changing = Extract<Settled, { readonly commands: number }>;

/** Disposing writes what the log was not told yet. */
export type PassReporter = Pick<SettlerOptions, "passBegins" | "passEnds"> & Disposable;

/** Says what every pass came to: to the log once a second at most, to health until it changes. */
export function createPassReporter({ compiler, dataplane, status, log }: PassReporterOptions): PassReporter {
  const settledLog = createSettledLog({ log });
  const announceRefused = createAnnouncer({
    log,
    level: "error",
    appeared: "object refused by the kernel",
    mended: "object accepted by the kernel, or gone",
  });

  function counts(): AgentStatus["counts"] {
    const { ruleset, state } = compiler;
    return {
      endpoints: ruleset.endpoints.size,
      programs: ruleset.programs.size,
      peerSets: ruleset.addressSets.size + ruleset.serviceSets.size,
      localPolicies: compiler.policyCount,
      clusterPolicies: state.policies.size,
      clusterEndpoints: state.endpoints.size,
    };
  }

  function settledPass({ settled, noticedAt }: Pass & { readonly settled: Changing }): SettledPasses {
    const { commands, milliseconds, inForceAt } = settled;
    return {
      commands,
      milliseconds,
      noticedToKernelMilliseconds: noticedAt === undefined ? undefined : inForceAt - noticedAt,
      rebuilt: settled.kind === "applied" && settled.rebuilt,
      endpoints: status.counts.endpoints,
      policies: status.counts.clusterPolicies,
      refused: settled.kind === "degraded" ? settled.refused.length : 0,
    };
  }

  function logPass(pass: Pass): void {
    const { settled, failures, retryMilliseconds } = pass;
    switch (settled.kind) {
      case "unchanged":
        return log.write("debug", "settled, nothing to change", {
          endpoints: status.counts.endpoints,
          policies: status.counts.clusterPolicies,
        });
      case "applied":
        return settledLog.take(settledPass({ ...pass, settled }), pass.first || settled.rebuilt);
      case "degraded":
        return settledLog.take(settledPass({ ...pass, settled }), pass.first);
      case "failed": {
        const { tried, next } = settled;
        const found = shortened(settled.found, 4_000);
        const retryIn = Math.round(retryMilliseconds ?? 0);
        return log.write("error", "settling failed", {
          tried,
          found,
          next,
          failures,
          retryInMilliseconds: retryIn,
        });
      }
      default:
        return unreachable(settled);
    }
  }

  status.table = () => dataplane.status;
  return {
    passBegins: () => (status.settlingSince = performance.now()),
    passEnds(pass) {
      const { settled } = pass;
      status.settlingSince = undefined;
      if (settled.kind === "failed") {
        status.failure = `${settled.tried}: ${shortened(settled.found, 300)}; ${settled.next}`;
      } else {
        status.failure = undefined;
        status.applied = true;
      }
      status.refused = dataplane.status.refused.map(refusedText);
      if (settled.kind !== "failed") status.counts = counts();
      status.passes = { ...status.passes, [settled.kind]: status.passes[settled.kind] + 1 };
      logPass(pass);
      announceRefused(status.refused);
    },
    [Symbol.dispose]: () => settledLog[Symbol.dispose](),
  };
}
