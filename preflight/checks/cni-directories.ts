import type { RuntimeFiles } from "../facts/cni-files.ts";
import { type Finding, notKnown, ok, warning } from "../finding.ts";
import type { Known } from "../known.ts";

const CHECK = "CNI directories";
const MANIFESTS = { bin: "/opt/cni/bin", net: "/etc/cni/net.d" } as const;

function oneRuntime({ runtime, binDirectories, configs }: RuntimeFiles, netDirectory: string): Finding {
  const { name, saidBy, trouble } = runtime;
  if (name === "") {
    return notKnown(
      CHECK,
      "no container runtime is seen here: no configuration or socket of containerd, CRI-O, k3s, RKE2 or MicroK8s",
      "in a container, mount the host's / and name it with --host-root",
    );
  }
  if (trouble !== undefined)
    return notKnown(CHECK, `${name}'s configuration cannot be read: ${trouble}`, "mend that file");
  const bins = binDirectories.map(({ path }) => path);
  const where = `${name} looks in ${bins.join(", ")} and ${runtime.netDirectory} (${saidBy ?? "its defaults"})`;
  const usable = binDirectories.find(({ there }) => there);
  if (
    binDirectories.some(({ ours }) => ours) &&
    configs !== undefined &&
    runtime.netDirectory === netDirectory
  )
    return ok(CHECK, `${where}; tortie's plugin is there`);
  if (usable === undefined) {
    return warning(
      CHECK,
      `${where}; ${bins.join(", ")} does not exist`,
      `mkdir -p ${bins[0] ?? MANIFESTS.bin}`,
    );
  }
  if (runtime.netDirectory !== netDirectory) {
    return warning(
      CHECK,
      `${where}, the agent writes to ${netDirectory}`,
      `mount ${runtime.netDirectory} in place of /etc/cni/net.d in the DaemonSet, or set CNI_NET_DIR`,
    );
  }
  if (!bins.includes(MANIFESTS.bin)) {
    return warning(
      CHECK,
      `${where}, the manifests use ${MANIFESTS.bin}`,
      `mount ${bins[0] ?? ""} in place of ${MANIFESTS.bin} in the DaemonSet, or have the runtime look there, too`,
    );
  }
  return ok(CHECK, where);
}

/** `netDirectory`: where the agent writes its configuration. */
export function checkCniDirectories(files: Known<readonly RuntimeFiles[]>, netDirectory: string): Finding[] {
  if (!files.known) return [notKnown(CHECK, files.because)];
  return files.value.map((one) => oneRuntime(one, netDirectory));
}
