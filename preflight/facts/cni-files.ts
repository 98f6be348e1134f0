import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDirectory, PLUGIN_NAMES } from "../../handshake/cni-files.ts";
import { readNetworkConfig } from "../../handshake/network-config.ts";
import type { Environment } from "../../model/environment.ts";
import { isInPod } from "../../handshake/in-pod.ts";
import { HOST_ROOT, looksLikeRoot } from "../../handshake/cni-files.ts";
import { findRuntimes, type Runtime } from "./runtimes.ts";
import { seenFrom } from "./seen-from.ts";

/** One file in a directory of CNI configurations. */
export interface CniConfigFile {
  readonly name: string;
  /** The types of its plugins; undefined: it is no configuration. */
  readonly plugins: readonly string[] | undefined;
}

export interface RuntimeFiles {
  readonly runtime: Runtime;
  readonly binDirectories: readonly {
    readonly path: string;
    readonly there: boolean;
    readonly ours: boolean;
  }[];
  /** By name, as runtimes sort them; undefined: the directory is not there. */
  readonly configs: readonly CniConfigFile[] | undefined;
}

const READ = /\.(conf|conflist|json)$/;

function readConfig(root: string, directory: string, name: string): CniConfigFile {
  try {
    const read = readNetworkConfig(readFileSync(seenFrom(root, join(directory, name)), "utf8"));
    return { name, plugins: read.ok ? read.config.plugins : undefined };
  } catch {
    return { name, plugins: undefined };
  }
}

function configsIn(root: string, directory: string): readonly CniConfigFile[] | undefined {
  const seen = seenFrom(root, directory);
  if (!isDirectory(seen)) return undefined;
  const names = readdirSync(seen).filter((name) => READ.test(name));
  return names.toSorted((a, b) => (a < b ? -1 : 1)).map((name) => readConfig(root, directory, name));
}

/** Whether a configuration has our plugin, or Calico's, wire the pods. */
export function isOurs({ plugins }: CniConfigFile): boolean {
  return plugins?.some((plugin) => PLUGIN_NAMES.includes(plugin)) ?? false;
}

/** Where the host's files are; `whole`: all of them, not only what is mounted there. */
export interface HostFiles {
  readonly root: string;
  readonly whole: boolean;
}

export function hostFiles(given: string | undefined, environment: Environment): HostFiles {
  if (given !== undefined) return { root: given, whole: true };
  if (!isInPod(environment)) return { root: "/", whole: true };
  return { root: HOST_ROOT, whole: looksLikeRoot(HOST_ROOT) };
}

/** Where everybody looks who was told nothing, and where manifests mount what the host has elsewhere. */
const USUAL: Runtime = {
  name: "",
  saidBy: undefined,
  binDirectories: ["/opt/cni/bin"],
  netDirectory: "/etc/cni/net.d",
  trouble: undefined,
};

function filesOf(root: string, runtime: Runtime): RuntimeFiles {
  return {
    runtime,
    binDirectories: runtime.binDirectories.map((path) => ({
      path,
      there: isDirectory(seenFrom(root, path)),
      ours: existsSync(seenFrom(root, join(path, "tortie"))),
    })),
    configs: configsIn(root, runtime.netDirectory),
  };
}

/**
 * One for each runtime; where none is seen, one without a name, by the usual directories.
 *
 * @throws what node:fs throws, and an Error where this container has nothing of the host.
 */
export function readCniFiles({ root, whole }: HostFiles): readonly RuntimeFiles[] {
  const runtimes = findRuntimes(root);
  if (!whole && runtimes.length === 0 && !isDirectory(seenFrom(root, USUAL.netDirectory)))
    throw new Error(`the host's files are not mounted at ${root}`);
  return (runtimes.length === 0 ? [USUAL] : runtimes).map((runtime) => filesOf(root, runtime));
}
