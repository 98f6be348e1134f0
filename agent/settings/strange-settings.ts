import { nearNames } from "../../model/near-names.ts";
import { FELIX_PARAMETERS } from "./felix-parameters.ts";
import type { Given } from "./given-settings.ts";
import { type Config, CONNECTION_NAMES, SETTING_ROWS } from "./settings.ts";

const OURS: ReadonlySet<string> = new Set(
  Object.values(SETTING_ROWS).flatMap(({ name, names = [], ambient = [] }) => [name, ...names, ...ambient]),
);
const CONNECTION: ReadonlySet<string> = new Set(CONNECTION_NAMES);
// Ambient names are everybody's, and so is what resembles them.
const EXACT: readonly string[] = [
  ...Object.values(SETTING_ROWS).flatMap(({ name, names = [] }) => [name, ...names]),
  ...CONNECTION_NAMES,
].filter((name) => !/^(FELIX|TORTIE)_/.test(name));
const KNOWN: readonly string[] = [...OURS, ...CONNECTION, ...FELIX_PARAMETERS];

// Kubernetes puts the addresses of a service named `felix-x` or `tortie` into every pod's environment.
const SERVICE_LINK = /_(SERVICE_(HOST|PORT(_.+)?)|PORT(_.+)?)$/;

type Keyed = readonly [key: string, given: Given];

function known(key: string): boolean {
  return OURS.has(key) || CONNECTION.has(key) || FELIX_PARAMETERS.has(key);
}

const PREFIX = /^(?:CALICO_)?(?:K8S_)?/;

/** What somebody meant who wrote a name that is read in one spelling only, prefixes apart, for they are alike by nature. */
function meantExactly(key: string): string | undefined {
  const prefix = PREFIX.exec(key)?.[0] ?? "";
  // With another prefix it is another program's: SSL_CERT_FILE is not meant to be K8S_CERT_FILE.
  const rests = EXACT.filter((name) => PREFIX.exec(name)?.[0] === prefix).map((name) =>
    name.slice(prefix.length),
  );
  const rest = key.slice(prefix.length);
  const [meant] = nearNames(rest, rests, 1);
  // Nor K9SCONFIG to be KUBECONFIG: mistakes are seldom among the first letters.
  return meant?.slice(0, 3) === rest.slice(0, 3) ? `${prefix}${meant}` : undefined;
}

/** The only name that goes on as somebody began it, who left out its end. */
function meantByBeginning(key: string): string | undefined {
  const [only, ...more] = KNOWN.filter((name) => name.startsWith(key));
  return more.length === 0 ? only : undefined;
}

/** Names that look like a setting and are none, each with what may have been meant. */
export function unknownSettings(given: readonly Keyed[]): string[] {
  const keys = new Set(given.map(([key]) => key));
  return given.flatMap(([key, { name, prefixed }]) => {
    if (known(key) || SERVICE_LINK.test(key)) return [];
    if (/^(FELIX|TORTIE)_/.test(key)) {
      const [meant = meantByBeginning(key)] = nearNames(key, KNOWN, 1);
      return meant === undefined
        ? [name]
        : [`${name} (did you mean ${prefixed ? meant : meant.replace("FELIX_", "")}?)`];
    }
    // An environment is full of other programs' variables: only what resembles one of ours that is missing is worth a word.
    const meant = meantExactly(key);
    return meant === undefined || keys.has(meant) ? [] : [`${name} (did you mean ${meant}?)`];
  });
}

/** Settings that are Felix's or ours and change nothing as things are, each with the reason. */
export function ineffectiveSettings(given: readonly Keyed[], { datastoreType }: Config): string[] {
  return given.flatMap(([key, { name }]) => {
    if (CONNECTION.has(key) && datastoreType !== "kubernetes")
      return [`${name} (DATASTORE_TYPE is file, and kubernetes would read it)`];
    if (key === "DATASTORE_PATH" && datastoreType !== "file")
      return [`${name} (DATASTORE_TYPE is ${datastoreType})`];
    return FELIX_PARAMETERS.has(key) && !OURS.has(key)
      ? [`${name} (known to Felix, without effect here)`]
      : [];
  });
}
