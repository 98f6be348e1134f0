import { isOurs, type RuntimeFiles } from "../facts/cni-files.ts";
import { failed, type Finding, notKnown, ok, warning } from "../finding.ts";
import type { Known } from "../known.ts";

const CHECK = "CNI config";

export interface CniConfigSettings {
  /** Our plugin wires the pods. */
  readonly manageCni: boolean;
  /** What the agent writes. */
  readonly ownName: string;
}

function oneDirectory(
  { runtime, configs }: RuntimeFiles,
  { manageCni, ownName }: CniConfigSettings,
): Finding {
  const directory = runtime.netDirectory;
  if (configs === undefined || configs.length === 0) {
    const found = configs === undefined ? `${directory} does not exist` : `${directory} holds none`;
    return manageCni
      ? ok(CHECK, `${found} yet; the agent writes ${ownName} once its rules are in force`)
      : warning(
          CHECK,
          `${found}, so no pod gets a network`,
          "install the network plugin that wires this cluster's pods",
        );
  }
  const [first, ...others] = configs;
  if (first === undefined) return notKnown(CHECK, `${directory} cannot be read`);
  if (first.plugins === undefined) {
    return failed(
      CHECK,
      `${first.name} sorts first in ${directory}, and it is no CNI configuration: runtimes stumble over it, or take the next`,
      `mend or remove ${directory}/${first.name}`,
    );
  }
  const used = `${first.name} (${first.plugins.join(", ")}) sorts first in ${directory}`;
  if (!manageCni) {
    return isOurs(first)
      ? warning(CHECK, `${used}: pods are wired by Calico's plugin or tortie's`, "set CALICO_MANAGE_CNI=true")
      : ok(CHECK, `${used}; that plugin wires the pods, and tortie polices them`);
  }
  if (isOurs(first)) return ok(CHECK, used);
  const ours = others.find(isOurs);
  if (ours !== undefined || first.name < ownName) {
    return failed(
      CHECK,
      `${used}, before ${ours?.name ?? ownName}: its plugin would wire the pods, and no policy would hold for them`,
      `remove ${directory}/${first.name}; or leave the wiring to it, with CALICO_MANAGE_CNI=false (tortie-policy-only.yaml)`,
    );
  }
  return warning(
    CHECK,
    `${used}; the agent's ${ownName} will sort before it, and pods that run by then stay unpoliced`,
    "make these pods anew once the agent is ready; or leave the wiring to that plugin, with CALICO_MANAGE_CNI=false",
  );
}

export function checkCniConfiguration(
  files: Known<readonly RuntimeFiles[]>,
  settings: CniConfigSettings,
): Finding[] {
  if (!files.known) return [notKnown(CHECK, files.because)];
  return files.value.map((one) => oneDirectory(one, settings));
}
