import { type AgentClient, AgentError, type FinalAnswer } from "../handshake/agent-client.ts";
import type { RequestBody } from "../handshake/messages.ts";
import { unreachable } from "../model/unreachable.ts";
import type { Call } from "./call.ts";
import { CniError } from "./cni-error.ts";

/** The agent, asked by one ADD: all its questions together have the time of `policy_setup_timeout_seconds`. */
export interface PatientAgent extends Disposable {
  /** Throws CniError: what is waited for, once the time is over. */
  ask(body: RequestBody): Promise<FinalAnswer>;
}

const NEXT = "the container runtime tries again; see the agent's log and its /readiness";

function notYet(error: AgentError, seconds: number): CniError {
  switch (error.kind) {
    case "aborted":
      return new CniError("tryAgainLater", "the plugin was told to stop before the agent was ready", NEXT);
    case "waiting":
    case "absent":
    case "silent":
      return new CniError("tryAgainLater", `not ready within ${seconds} s: ${error.message}`, NEXT);
    case "misunderstood":
    case "garbled":
      return new CniError(
        "tryAgainLater",
        error.message,
        "bring plugin and agent to the same version: tortie install",
      );
    default:
      return unreachable(error.kind);
  }
}

export function openPatientAgent({ node, paths, configuration, log, stopping }: Call): PatientAgent {
  const seconds = configuration.setupTimeoutSeconds;
  // No clock that somebody may set.
  const end = performance.now() + seconds * 1_000;
  const client: AgentClient = node.openAgent(paths.socket);
  return {
    async ask(body) {
      const began = performance.now();
      try {
        return await client.request(body, {
          milliseconds: end - performance.now(),
          signal: stopping,
          onWaiting: (what) => log.info(`waiting: ${what}`),
        });
      } catch (error) {
        throw error instanceof AgentError ? notYet(error, seconds) : error;
      } finally {
        log.debug(`asked the agent, "${body.kind}": ${(performance.now() - began).toFixed(2)} ms`);
      }
    },
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}
