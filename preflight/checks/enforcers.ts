import type { EnforcerTrace } from "../../dataplane/preflight/host-facts.ts";
import { failed, type Finding, notKnown, ok } from "../finding.ts";
import type { Known } from "../known.ts";
import { someOf } from "../some-of.ts";

const CHECK = "other enforcers";
/** Its leavings have a check of their own. */
const CALICO = "Calico";

export function checkEnforcers(traces: Known<readonly EnforcerTrace[]>): Finding[] {
  if (!traces.known) return [notKnown(CHECK, traces.because)];
  const others = traces.value.filter(({ enforcer }) => enforcer !== CALICO);
  if (others.length === 0) return [ok(CHECK, "no other program enforces policies here")];
  return [...Map.groupBy(others, ({ enforcer }) => enforcer)].map(([enforcer, found]) =>
    failed(
      CHECK,
      `${enforcer} enforces policies here, or left traces (${someOf(found.map(({ trace }) => trace))}): a packet must please both`,
      `switch its policies off or uninstall it, then remove what it left, for example by a restart of the node`,
    ),
  );
}

/** `rules`: what Calico left in the kernel, in words. */
export function checkCalicoRules(rules: Known<readonly string[]>): Finding {
  const check = "Calico's rules";
  if (!rules.known) return notKnown(check, rules.because);
  if (rules.value.length === 0) return ok(check, "Calico left none in nftables or iptables");
  return failed(
    check,
    `found ${someOf(rules.value)}: Calico's rules go on dropping what they do not know`,
    "stop calico-node; once tortie's agent is ready, run tortie install --takeover, which removes them",
  );
}
