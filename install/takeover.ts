import { HOOK, TABLE } from "../dataplane/nft/names.ts";
import { SystemCallError } from "../native/system-call-error.ts";
import { NftablesNames } from "../native/nftables-names.ts";
import { CalicoRules, type CalicoTrace } from "./calico-rules.ts";
import { messageOf } from "./install-error.ts";

export interface TakeoverOptions {
  /** False: Calico's rules are only named. */
  readonly takeover: boolean;
  /** Even while the agent's rules are not in the kernel. */
  readonly unprotected: boolean;
  readonly say: (line: string) => void;
  /** What goes wrong. */
  readonly warn: (line: string) => void;
}

const CONSEQUENCE =
  "Its rules and tortie's veto each other: a packet must please both, and the agent is not ready while they are here.";
const POD_INTERFACES =
  "Interfaces and routes of running pods stay: the agent knows the interfaces by their names.";

/** Whether packets meet the agent's rules. */
function isInForce(): boolean {
  using names = new NftablesNames();
  return (names.chain({ family: "inet", table: TABLE }, HOOK.egress) ?? 0) > 0;
}

function removeAll(
  rules: CalicoRules,
  found: readonly CalicoTrace[],
  { say, warn }: TakeoverOptions,
): number {
  let failures = 0;
  for (const { what, remove } of found) {
    try {
      remove();
      say(`Removed ${what}`);
    } catch (error) {
      failures++;
      warn(messageOf(error));
    }
  }
  if (failures > 0) return 1;
  const again = rules.find();
  if (again.length === 0) return 0;
  const left = again.map(({ what }) => what).join(", ");
  warn(`there is again ${left}: Calico's agent still runs here; delete its DaemonSet, then run this again`);
  return 1;
}

/** Names what Calico left in the kernel, or removes it. Answers the exit code. */
export function takeOver(options: TakeoverOptions): number {
  const { takeover, unprotected, say, warn } = options;
  try {
    using rules = new CalicoRules();
    const found = rules.find();
    if (found.length === 0) {
      if (takeover) say("Calico has left no rules on this node.");
      return 0;
    }
    if (!takeover) {
      for (const { what } of found) say(`Calico's: ${what}`);
      say(CONSEQUENCE);
      say("Delete Calico's DaemonSet, then run tortie install --takeover, which removes them.");
      say(POD_INTERFACES);
      return 0;
    }
    if (!unprotected && !isInForce()) {
      warn(
        "Calico's rules stay, for the agent's are not in the kernel yet and pods would be open: run it again once the " +
          "agent enforces, or give --unprotected",
      );
      return 1;
    }
    const code = removeAll(rules, found, options);
    say(POD_INTERFACES);
    return code;
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    // A container without rights, whose task is the file; the agent names what others left.
    if (!takeover && error.code === "EPERM") return 0;
    const text = `not looked for Calico's rules: ${error.message}`;
    if (!takeover) {
      say(`Note: ${text}`);
      return 0;
    }
    warn(`${text}; run it as root, in the network namespace of the host`);
    return 1;
  }
}
