import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDirectory, KUBECONFIG_MARK, KUBECONFIG_NAME, unfinishedName } from "../handshake/cni-files.ts";
import { readNetworkConfig } from "../handshake/network-config.ts";
import { readPluginConfiguration } from "../handshake/plugin-configuration.ts";
import { isWrittenConfig, readWrittenConfigs, WRITTEN_NAME } from "../handshake/written-configs.ts";
import { HELPERS } from "./helper-plugins.ts";
import { OWN_NAMES } from "./install-files.ts";
import { isTortie } from "./marker.ts";
import { fileTrace, isFile, type Trace } from "./trace.ts";
import type { NodePlaces } from "./uninstall-options.ts";

const CONFIGURATION = /\.(conf|conflist|json)$/;
const UNFINISHED_CONFIGURATION = new RegExp(`^${RegExp.escape(unfinishedName("x")).replace("x", ".+")}$`);

/** Whether what is called `calico` on this node is our plugin: one of Calico's beside it leaves that open. */
function isCalicoOurs({ binDirectories }: NodePlaces): boolean {
  const files = (name: string): string[] =>
    binDirectories.map((directory) => join(directory, name)).filter(isFile);
  const calico = files("calico");
  return calico.every(isTortie) && [...calico, ...files("tortie")].some(isTortie);
}

/** Calico's own configurations have its name, too: those are ours that call the plugin as only ours can be called. */
function callsUs(text: string, calicoIsOurs: boolean): boolean {
  const read = readNetworkConfig(text);
  if (!read.ok) return false;
  const { plugins, given } = read.config;
  if (plugins.includes("tortie")) return true;
  const calico = given
    .filter((_, index) => plugins[index] === "calico")
    .map((one) => readPluginConfiguration(one));
  return calicoIsOurs && calico.some(({ ok }) => ok);
}

/** Goes last, and not before what it names: by it the next run knows what this one could not remove. */
function noteTrace(directory: string): Trace {
  const written = readWrittenConfigs(directory);
  const { what, remove } = fileTrace("note of CNI configurations", join(directory, WRITTEN_NAME));
  const isLeft = (name: string): boolean => {
    const path = join(directory, name);
    return isFile(path) && isWrittenConfig(written, name, readFileSync(path, "utf8"));
  };
  return {
    what,
    remove: () => {
      const left = [...written.keys()].filter(isLeft);
      if (left.length > 0) throw new Error(`it names ${left.join(", ")}, still there`);
      remove();
    },
  };
}

/** Configurations by which a runtime calls our plugin, what a crash of the agent left of one, and its note of them. */
export function configurationTraces(places: NodePlaces): Trace[] {
  const calicoIsOurs = isCalicoOurs(places);
  return places.netDirectories.filter(isDirectory).flatMap((directory) => {
    const written = readWrittenConfigs(directory);
    const isOurs = (name: string): boolean => {
      const text = readFileSync(join(directory, name), "utf8");
      return isWrittenConfig(written, name, text) || callsUs(text, calicoIsOurs);
    };
    const names = readdirSync(directory)
      .toSorted()
      .filter((name) => isFile(join(directory, name)));
    const found = names.flatMap((name): Trace[] => {
      const path = join(directory, name);
      if (UNFINISHED_CONFIGURATION.test(name)) return [fileTrace("unfinished file", path)];
      return CONFIGURATION.test(name) && isOurs(name) ? [fileTrace("CNI configuration", path)] : [];
    });
    return names.includes(WRITTEN_NAME) ? [...found, noteTrace(directory)] : found;
  });
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
