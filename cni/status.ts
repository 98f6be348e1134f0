import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { AgentError } from "../handshake/agent-client.ts";
import { needsPodCidrs } from "../ipam/pod-cidr.ts";
import type { Call } from "./call.ts";
import { CniError } from "./cni-error.ts";

/** Runtimes ask every few seconds, and a failure makes the node NotReady: a restart of the agent must not. */
const PATIENCE_SECONDS = 60;
const ASK_MILLISECONDS = 1_000;

/** Since when nobody answers, in seconds of the machine's uptime; noted by whoever finds out first. */
function awaySince(path: string, uptime: number): number {
  try {
    const since = Number(readFileSync(path, "utf8"));
    if (since > 0 && since <= uptime) return since;
  } catch {
    // Nobody has noted it so far.
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, String(uptime), { mode: 0o600 });
  return uptime;
}

/** STATUS: fails only for what no restart of the agent cures. Prints nothing. */
export async function status({ node, paths, configuration, log, stopping }: Call): Promise<string> {
  const away = paths.agentAway;
  using agent = node.openAgent(paths.socket);
  let answer;
  try {
    answer = await agent.request(
      { kind: "state" },
      { milliseconds: ASK_MILLISECONDS, signal: stopping, again: false },
    );
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    const uptime = node.uptime();
    const seconds = Math.floor(uptime - awaySince(away, uptime));
    log.info(`${error.message}, for ${seconds} s now`);
    if (seconds <= PATIENCE_SECONDS) return "";
    throw new CniError(
      "unavailable",
      `no pod can be wired: the agent has been away for ${seconds} s: ${error.message}`,
      "see its pod, or its service, on this node",
    );
  }
  if (existsSync(away)) rmSync(away, { force: true });
  if (answer.kind !== "state") return "";
  if (answer.waitingFor !== undefined) log.info(`waiting: ${answer.waitingFor}`);
  const facts = answer.node;
  if (facts !== undefined && facts.podCidrs.length === 0 && needsPodCidrs(configuration.ipam)) {
    throw new CniError(
      "unavailable",
      `no pod can be wired: node ${facts.name} has no podCIDR`,
      "run the controller manager with --allocate-node-cidrs=true and --cluster-cidr, or give ipam a subnet of its own",
    );
  }
  return "";
}
