import type { PodMtu } from "../../dataplane/link/mtu.ts";
import { type Finding, notKnown, ok, warning } from "../finding.ts";
import type { Known } from "../known.ts";

const CHECK = "MTU";

export interface MtuFacts {
  /** CNI_MTU; undefined: found out. */
  readonly fixed: number | undefined;
  /** What the host's links and flannel carry. */
  readonly carried: PodMtu;
}

export function checkMtu(facts: Known<MtuFacts>): Finding {
  if (!facts.known) return notKnown(CHECK, facts.because);
  const { fixed, carried } = facts.value;
  if (fixed === undefined) return ok(CHECK, `pods get ${carried.mtu} (${carried.from})`);
  if (fixed <= carried.mtu) return ok(CHECK, `CNI_MTU is ${fixed}; ${carried.from} carries ${carried.mtu}`);
  return warning(
    CHECK,
    `CNI_MTU is ${fixed}, and ${carried.from} carries ${carried.mtu}: larger packets are cut up, or lost`,
    `set CNI_MTU (veth_mtu) to ${carried.mtu}, or to 0 to have it found out`,
  );
}
