import type { Condition } from "../../adapters/datastore.ts";
import type { Environment } from "../../model/environment.ts";
import { type CniConfigLook, writeCniConfig } from "./cni-config.ts";
import type { Log } from "../log.ts";
import type { CniConfigPlaces, CniConfigSettings } from "./wanted-cni-config.ts";

export interface CniConfigKeeperOptions extends CniConfigPlaces {
  readonly settings: CniConfigSettings;
  readonly environment: Environment;
  readonly log: Log;
  /** All conditions there are now: after the first look, and whenever they are others than before. */
  readonly told: (conditions: readonly Condition[]) => void;
  readonly everyMilliseconds?: number;
  readonly write?: () => CniConfigLook;
}

/**
 * Writes the CNI configuration now, inside this call, and again whenever it is not as it must be: others may remove it, and
 * tokens get new. Call it once the first ruleset is in the kernel: from then on the runtime calls the plugin. Disposing
 * leaves the files: while the agent is away the plugin says so, and pods wait instead of starting without policy.
 */
export function keepCniConfig(options: CniConfigKeeperOptions): Disposable {
  const { settings, environment, log, told, everyMilliseconds = 10_000 } = options;
  const write = options.write ?? (() => writeCniConfig(settings, environment, options));
  let last: string | undefined;

  function look(): void {
    const { conditions, written, removed } = write();
    for (const path of written) log.write("info", "Wrote CNI config", { path });
    for (const path of removed) log.write("info", "removed an old CNI config", { path });
    const text = JSON.stringify(conditions);
    if (text === last) return;
    last = text;
    told(conditions);
  }

  look();
  const timer = setInterval(look, everyMilliseconds);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
