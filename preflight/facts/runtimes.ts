import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isObject } from "../../adapters/objects/schema.ts";
import { seenFrom } from "./seen-from.ts";

/** Where a container runtime of this node looks for CNI plugins and their configuration. */
export interface Runtime {
  readonly name: string;
  /** The file that says so; undefined: its defaults. */
  readonly saidBy: string | undefined;
  readonly binDirectories: readonly string[];
  readonly netDirectory: string;
  /** A configuration that cannot be read, in words. */
  readonly trouble: string | undefined;
}

interface Kind {
  readonly name: string;
  /** One of them is there where it runs. */
  readonly sockets: readonly string[];
  readonly configs: readonly string[];
  readonly dropIns?: string;
  readonly binDirectories: readonly string[];
  readonly netDirectory: string;
  readonly read: (config: unknown) => Partial<Pick<Runtime, "binDirectories" | "netDirectory">>;
}

const NET = "/etc/cni/net.d";
const BIN = "/opt/cni/bin";
const SNAP = "/var/snap/microk8s/current";

function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) found = isObject(found) ? found[key] : undefined;
  return found;
}

function texts(value: unknown): string[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  return all.filter((one): one is string => typeof one === "string" && one !== "");
}

/** The section has had three names, one for each version of the file. */
const CNI_SECTIONS: readonly (readonly string[])[] = [
  ["plugins", "io.containerd.cri.v1.runtime", "cni"],
  ["plugins", "io.containerd.grpc.v1.cri", "cni"],
  ["plugins", "cri", "cni"],
];

function readContainerd(config: unknown): ReturnType<Kind["read"]> {
  const sections = CNI_SECTIONS.map((path) => at(config, ...path));
  const bins = sections.flatMap((cni) => [...texts(at(cni, "bin_dirs")), ...texts(at(cni, "bin_dir"))]);
  const [net] = sections.flatMap((cni) => texts(at(cni, "conf_dir")));
  return {
    ...(bins.length > 0 && { binDirectories: bins }),
    ...(net !== undefined && { netDirectory: net }),
  };
}

function readCrio(config: unknown): ReturnType<Kind["read"]> {
  const network = at(config, "crio", "network");
  const bins = [...texts(at(network, "plugin_dirs")), ...texts(at(network, "plugin_dir"))];
  const [net] = texts(at(network, "network_dir"));
  return {
    ...(bins.length > 0 && { binDirectories: bins }),
    ...(net !== undefined && { netDirectory: net }),
  };
}

function containerd(
  name: string,
  base: string,
  sockets: readonly string[],
  netDirectory: string,
  bin: readonly string[],
): Kind {
  const configs = [`${base}/config.toml`];
  return { name, sockets, configs, binDirectories: bin, netDirectory, read: readContainerd };
}

const K3S = "/var/lib/rancher/k3s";
const RKE2 = "/var/lib/rancher/rke2";

const KINDS: readonly Kind[] = [
  containerd("k3s", `${K3S}/agent/etc/containerd`, [], `${K3S}/agent/etc/cni/net.d`, [
    `${K3S}/data/cni`,
    `${K3S}/data/current/bin`,
  ]),
  containerd("RKE2", `${RKE2}/agent/etc/containerd`, [], NET, [BIN]),
  {
    ...containerd("MicroK8s", "", [], `${SNAP}/args/cni-network`, [`${SNAP}/opt/cni/bin`]),
    configs: [`${SNAP}/args/containerd.toml`],
  },
  containerd("containerd", "/etc/containerd", ["/run/containerd/containerd.sock"], NET, [BIN]),
  {
    name: "CRI-O",
    sockets: ["/run/crio/crio.sock", "/var/run/crio/crio.sock"],
    configs: ["/etc/crio/crio.conf"],
    dropIns: "/etc/crio/crio.conf.d",
    binDirectories: [BIN, "/usr/libexec/cni"],
    netDirectory: NET,
    read: readCrio,
  },
];

/** A configuration, and what it imports, in the order in which the last one wins. */
function readFiles(root: string, path: string): { readonly path: string; readonly config: unknown }[] {
  const config: unknown = Bun.TOML.parse(
    readFileSync(seenFrom(root, path), "utf8").replaceAll("${SNAP_DATA}", SNAP),
  );
  const imported = texts(at(config, "imports")).flatMap((pattern) => {
    const whole = pattern.startsWith("/") ? pattern : join(dirname(path), pattern);
    return filesLike(root, whole).map((one) => ({
      path: one,
      config: Bun.TOML.parse(readFileSync(seenFrom(root, one), "utf8")) as unknown,
    }));
  });
  return [{ path, config }, ...imported];
}

function filesLike(root: string, pattern: string): string[] {
  if (!existsSync(root)) return [];
  const inRoot = [...new Bun.Glob(pattern.slice(1)).scanSync({ cwd: root, dot: true })];
  return inRoot.map((name) => `/${name}`).toSorted();
}

function runtimeOf(root: string, kind: Kind): Runtime | undefined {
  const { name, sockets, configs, dropIns, read } = kind;
  const main = configs.filter((path) => existsSync(seenFrom(root, path)));
  const more = dropIns === undefined ? [] : filesLike(root, `${dropIns}/*.conf`);
  if (![...main, ...more, ...sockets].some((path) => existsSync(seenFrom(root, path)))) return undefined;
  let { binDirectories, netDirectory } = kind;
  let saidBy: string | undefined;
  try {
    for (const { path, config } of [...main, ...more].flatMap((file) => readFiles(root, file))) {
      const said = read(config);
      if (said.binDirectories === undefined && said.netDirectory === undefined) continue;
      binDirectories = said.binDirectories ?? binDirectories;
      netDirectory = said.netDirectory ?? netDirectory;
      saidBy = path;
    }
  } catch (error) {
    const trouble = `${[...main, ...more].join(", ")}: ${error instanceof Error ? error.message : String(error)}`;
    return { name, saidBy: undefined, binDirectories, netDirectory, trouble };
  }
  return { name, saidBy, binDirectories, netDirectory, trouble: undefined };
}

/** The container runtimes whose files are below `root`. */
export function findRuntimes(root: string): readonly Runtime[] {
  return KINDS.flatMap((kind) => runtimeOf(root, kind) ?? []);
}
