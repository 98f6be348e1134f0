import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDirectory, KUBECONFIG_MARK, KUBECONFIG_NAME, unfinishedName } from "../handshake/cni-files.ts";
import { readNetworkConfig } from "../handshake/network-config.ts";
import { HELPERS, OWN_NAMES } from "./install-files.ts";
import { isTortie } from "./marker.ts";
import { fileTrace, isFile, type Trace } from "./trace.ts";
import type { NodePlaces } from "./uninstall-options.ts";

const CONFIGURATION = /\.(conf|conflist|json)$/;
const UNFINISHED_CONFIGURATION = new RegExp(`^${RegExp.escape(unfinishedName("x")).replace("x", ".+")}$`);

/** A `calico` that is Calico's: what calls it is no business of ours. */
function hasForeignCalico({ binDirectories }: NodePlaces): boolean {
  const files = binDirectories.map((directory) => join(directory, "calico")).filter(isFile);
  return files.some((path) => !isTortie(path));
}

function callsUs(path: string, foreignCalico: boolean): boolean {
  const read = readNetworkConfig(readFileSync(path, "utf8"));
  if (!read.ok) return false;
  const { plugins } = read.config;
  return plugins.includes("tortie") || (plugins.includes("calico") && !foreignCalico);
}

/** Configurations by which a runtime calls our plugin, and what a crash of the agent left of one. */
export function configurationTraces(places: NodePlaces): Trace[] {
  const foreignCalico = hasForeignCalico(places);
  return places.netDirectories.filter(isDirectory).flatMap((directory) =>
    readdirSync(directory)
      .toSorted()
      .map((name) => join(directory, name))
      .filter(isFile)
      .flatMap((path): Trace[] => {
        if (CONFIGURATION.test(path) && callsUs(path, foreignCalico))
          return [fileTrace("CNI configuration", path)];
        const name = path.slice(directory.length + 1);
        return UNFINISHED_CONFIGURATION.test(name) ? [fileTrace("unfinished file", path)] : [];
      }),
  );
}

function isOurKubeconfig(path: string): boolean {
  return isFile(path) && readFileSync(path, "utf8").startsWith(KUBECONFIG_MARK);
}

export function kubeconfigTraces({ netDirectories }: NodePlaces): Trace[] {
  return netDirectories
    .map((directory) => join(directory, KUBECONFIG_NAME))
    .filter(isOurKubeconfig)
    .map((path) => fileTrace("kubeconfig", path));
}

/** Our executable under its names, and what a crash of an installation left. */
export function executableTraces({ binDirectories }: NodePlaces): Trace[] {
  return binDirectories.flatMap((directory) => {
    const own = OWN_NAMES.map((name) => join(directory, name)).filter(
      (path) => isFile(path) && isTortie(path),
    );
    const unfinished = [...OWN_NAMES, ...HELPERS].map((name) => join(directory, unfinishedName(name)));
    return [
      ...own.map((path) => fileTrace("executable", path)),
      ...unfinished.filter(isFile).map((path) => fileTrace("unfinished file", path)),
    ];
  });
}
