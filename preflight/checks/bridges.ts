import type { HostFacts } from "../../dataplane/preflight/host-facts.ts";
import { judgeHost } from "../../dataplane/preflight/judge-host.ts";
import { failed, type Finding, notKnown, ok, warning } from "../finding.ts";
import type { Known } from "../known.ts";
import { someOf } from "../some-of.ts";

const CHECK = "bridges";

/** As the agent judges bridges that pods are behind; what else the host has is judged by other checks. */
export function checkBridges(host: Known<HostFacts>, unknownEndpoint: "drop" | "accept"): Finding[] {
  if (!host.known) return [notKnown(CHECK, host.because)];
  const { bridges } = host.value;
  if (bridges.length === 0)
    return [ok(CHECK, "no pod of this node is behind one, so br_netfilter is not needed")];
  const conditions = judgeHost({ ...host.value, kubeIpvs0: false, traces: [] }, unknownEndpoint);
  if (conditions.length === 0) {
    const names = [...new Set(bridges.map(({ name }) => name))];
    return [ok(CHECK, `${someOf(names)}: packets between its pods meet the rules (br_netfilter)`)];
  }
  return conditions.map(({ kind, text }) => {
    // The agent's words: what was found, then what to do.
    const cut = text.lastIndexOf("; ");
    return (kind === "failure" ? failed : warning)(CHECK, text.slice(0, cut), text.slice(cut + 2));
  });
}
