import type { ReadConfig } from "../../agent/settings/config.ts";
import { type Finding, ok, warning } from "../finding.ts";
import type { Known } from "../known.ts";
import { someOf } from "../some-of.ts";

const CHECK = "settings";

/** `agent`: whether one lives on this node. */
export function judgeSettings({ config, unknown, ineffective }: ReadConfig, agent: Known<boolean>): Finding {
  const wirer = config.manageCni ? "tortie" : "another plugin";
  const runs = agent.known ? `; ${agent.value ? "an agent runs" : "no agent runs"}` : "";
  const found = `datastore ${config.datastoreType}; pods wired by ${wirer} (CALICO_MANAGE_CNI=${config.manageCni})${runs}`;
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
