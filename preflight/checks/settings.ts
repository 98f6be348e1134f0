import type { ReadConfig } from "../../agent/settings/config.ts";
import { type Finding, ok, warning } from "../finding.ts";
import type { Known } from "../known.ts";
import { someOf } from "../some-of.ts";

const CHECK = "settings";

/** `agent`: whether one lives on this node. */
export function judgeSettings({ config, unknown, ineffective }: ReadConfig, agent: Known<boolean>): Finding {
  const wires = config.manageCni ? "tortie wires the pods" : "another plugin wires the pods";
  const runs = agent.known ? `; ${agent.value ? "an agent runs" : "no agent runs"}` : "";
  const found = `DATASTORE_TYPE=${config.datastoreType}, CALICO_MANAGE_CNI=${config.manageCni}: ${wires}${runs}`;
  if (unknown.length > 0)
    return warning(
      CHECK,
      `${found}; without meaning: ${someOf(unknown)}`,
      "correct or remove these variables",
    );
  if (ineffective.length > 0)
    return warning(CHECK, `${found}; without effect: ${someOf(ineffective)}`, "remove these variables");
  return ok(CHECK, found);
}
