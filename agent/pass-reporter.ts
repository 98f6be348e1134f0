import type { Dataplane, RefusedObject } from "../dataplane/dataplane.ts";
import { unreachable } from "../model/unreachable.ts";
import type { Compiler } from "../policy/compiler.ts";
import { createAnnouncer } from "./announcer.ts";
import type { Log, LogFields } from "./log.ts";
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

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

/** Says what every pass came to: to the log as it happens, to health until it changes. */
export function createPassReporter({
  compiler,
  dataplane,
  status,
  log,
}: PassReporterOptions): Pick<SettlerOptions, "passBegins" | "passEnds"> {
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

  function settledFields({ settled, noticedAt }: Pass): LogFields {
    const inForceAt = "inForceAt" in settled ? settled.inForceAt : performance.now();
    const noticed =
      noticedAt === undefined ? {} : { noticedToKernelMilliseconds: tenths(inForceAt - noticedAt) };
    const { endpoints, clusterPolicies: policies } = status.counts;
    if (settled.kind !== "applied" && settled.kind !== "degraded") return { endpoints, policies, ...noticed };
    const rebuilt = settled.kind === "applied" && settled.rebuilt;
    const { commands, milliseconds } = settled;
    return { commands, milliseconds: tenths(milliseconds), ...noticed, rebuilt, endpoints, policies };
  }

  function logPass(pass: Pass): void {
    const { settled, failures, retryMilliseconds } = pass;
    switch (settled.kind) {
      case "unchanged":
        return log.write("debug", "settled, nothing to change", settledFields(pass));
      case "applied":
        return log.write("info", "settled", settledFields(pass));
      case "degraded":
        return log.write("error", "settled, but for what the kernel refused", {
          ...settledFields(pass),
          refused: settled.refused.length,
        });
      case "failed": {
        const { tried, next } = settled;
        const found = shortened(settled.found, 4_000);
        const retryIn = tenths(retryMilliseconds ?? 0);
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
      status.counts = counts();
      status.passes = { ...status.passes, [settled.kind]: status.passes[settled.kind] + 1 };
      logPass(pass);
      announceRefused(status.refused);
    },
  };
}
