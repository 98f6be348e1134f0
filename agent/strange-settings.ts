import { nearNames } from "../model/near-names.ts";
import { FELIX_PARAMETERS } from "./felix-parameters.ts";
import type { Given } from "./given-settings.ts";
import { type Config, CONNECTION_NAMES, SETTING_ROWS } from "./settings.ts";

const OURS: ReadonlySet<string> = new Set(
  Object.values(SETTING_ROWS).flatMap(({ name, names = [], ambient = [] }) => [name, ...names, ...ambient]),
);
const CONNECTION: ReadonlySet<string> = new Set(CONNECTION_NAMES);
const KNOWN: readonly string[] = [...OURS, ...CONNECTION, ...FELIX_PARAMETERS];

// Kubernetes puts the addresses of a service named `felix-x` or `tortie` into every pod's environment.
const SERVICE_LINK = /_(SERVICE_(HOST|PORT(_.+)?)|PORT(_.+)?)$/;

type Keyed = readonly [key: string, given: Given];

function known(key: string): boolean {
  return OURS.has(key) || CONNECTION.has(key) || FELIX_PARAMETERS.has(key);
}

/** Names that look like a setting and are none, each with what may have been meant. */
export function unknownSettings(given: readonly Keyed[]): string[] {
  return given.flatMap(([key, { name, prefixed }]) => {
    if (known(key) || SERVICE_LINK.test(key)) return [];
    const [meant] = nearNames(key, KNOWN, 1);
    if (meant !== undefined && /^(FELIX|TORTIE|(CALICO_)?K8S)_/.test(key)) {
      return [`${name} (did you mean ${prefixed ? meant : meant.replace("FELIX_", "")}?)`];
    }
    // Other programs have K8S_ variables, too: only what resembles ours is worth a word.
    return /^(FELIX|TORTIE)_/.test(key) ? [name] : [];
  });
}

/** Settings that are Felix's or ours and change nothing as things are, each with the reason. */
export function ineffectiveSettings(given: readonly Keyed[], { datastoreType }: Config): string[] {
  return given.flatMap(([key, { name }]) => {
    if (CONNECTION.has(key) && datastoreType !== "kubernetes") return [`${name} (DATASTORE_TYPE is file)`];
    if (key === "DATASTORE_PATH" && datastoreType !== "file")
      return [`${name} (DATASTORE_TYPE is ${datastoreType})`];
    return FELIX_PARAMETERS.has(key) && !OURS.has(key)
      ? [`${name} (known to Felix, without effect here)`]
      : [];
  });
}
