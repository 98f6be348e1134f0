import type { Environment } from "../model/environment.ts";
import { nearNames } from "../model/near-names.ts";
import { HELPERS } from "./helper-plugins.ts";
import { OWN_NAMES } from "./install-files.ts";
import type { InstallOptions } from "./install-options.ts";

/** What Calico's images and containernetworking have beside ours, which people leave out by name. */
const OTHERS = `
  bridge calico-ipam dhcp dummy firewall flannel host-device install ipvlan macvlan ptp sbr static tap vlan vrf
`;
const KNOWN_PLUGINS: readonly string[] = OTHERS.trim().split(/\s+/).concat(OWN_NAMES, HELPERS);

const VARIABLES: readonly string[] = ["UPDATE_CNI_BINARIES", "SKIP_CNI_BINARIES", "SLEEP"];
const TEMPLATES: readonly string[] = ["CNI_NETWORK_CONFIG", "CNI_NETWORK_CONFIG_FILE"];

function suggestion(word: string, known: readonly string[]): string {
  const [meant] = nearNames(word, known, 1);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}

/** What was given and has no effect, and why. */
export function installNotes({ skip }: InstallOptions, environment: Environment): string[] {
  const templates = TEMPLATES.filter((name) => (environment[name] ?? "") !== "").map(
    (name) =>
      `${name} is for the agent's container: the agent writes the configuration once its rules are in the kernel`,
  );
  const skipped = [...skip]
    .filter((name) => !KNOWN_PLUGINS.includes(name))
    .map(
      (name) =>
        `SKIP_CNI_BINARIES names ${name}, which is no plugin known here${suggestion(name, KNOWN_PLUGINS)}`,
    );
  const misspelt = Object.keys(environment)
    // Whatever else an environment has may resemble SLEEP.
    .filter((name) => name.includes("CNI") && !VARIABLES.includes(name) && !TEMPLATES.includes(name))
    .flatMap((name) => {
      const [meant] = nearNames(name, VARIABLES, 1);
      return meant === undefined || (environment[meant] ?? "") !== ""
        ? []
        : [`${name} is no variable of tortie install; did you mean ${meant}?`];
    });
  return [...templates, ...skipped, ...misspelt];
}
