import type { DebianPackages } from "./debian-packages.ts";
import { type Architecture, neededLibraries } from "./libraries.ts";
import type { Entry } from "./tar.ts";

/** What `tortie install` puts on a node beside tortie's own plugin. */
export const PLUGINS: readonly string[] = ["host-local", "portmap", "bandwidth", "loopback", "tuning"];

/** The executable answers to these names, too; `calico`, the plugin's, belongs to nodes alone. */
const LINKS: readonly string[] = ["calicoctl", "kubectl-calico"];

const PLUGIN_PACKAGE = "containernetworking-plugins";

const file = (path: string, content: string | Uint8Array, executable = false): Entry => {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { kind: "file", path, executable, content: bytes };
};

const directory = (path: string, mode = 0o755): Entry => ({ kind: "directory", path, mode });

/** Where scanners of images without dpkg look for what is installed, and what its license asks for. */
const trailOf = (packages: DebianPackages, name: string): Entry[] => [
  file(`var/lib/dpkg/status.d/${name}`, packages.control(name)),
  packages.entry(`usr/share/doc/${name}/copyright`),
];

/** Root is the only account that anything runs as; nobody owns files that other nodes' file systems cannot map. */
const ACCOUNTS: readonly Entry[] = [
  file(
    "etc/passwd",
    "root:x:0:0:root:/root:/nonexistent\nnobody:x:65534:65534:nobody:/nonexistent:/nonexistent\n",
  ),
  file("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
  // Without it glibc asks DNS before /etc/hosts.
  file("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
];

/** A runtime mounts over these; with a read-only root it could not make them. */
const MOUNT_POINTS: readonly Entry[] = [
  ...["dev", "proc", "sys", "run", "host", "var/lib/calico"].map((path) => directory(path)),
  directory("root", 0o700),
  directory("tmp", 0o1777),
];

function base(packages: DebianPackages, libraries: readonly Entry[]): Entry[] {
  const licenses = packages.list("usr/share/common-licenses");
  return [
    ...MOUNT_POINTS,
    ...ACCOUNTS,
    ...["etc/debian_version", "etc/os-release", "usr/lib/os-release"].map((path) => packages.entry(path)),
    ...licenses.map((name) => packages.entry(`usr/share/common-licenses/${name}`)),
    ...libraries,
    ...["base-files", "libc6"].flatMap((name) => trailOf(packages, name)),
  ];
}

export interface Contents {
  readonly architecture: Architecture;
  readonly packages: DebianPackages;
  readonly executable: Uint8Array;
  /** Texts by their paths below /usr/share/licenses/tortie. */
  readonly licenses: ReadonlyMap<string, Uint8Array>;
}

/** The name of the lowest layer. */
export const BASE = "base";

/** The layers' names and entries, the one that changes least often first. */
export function layerContents({
  architecture,
  packages,
  executable,
  licenses,
}: Contents): Map<string, Entry[]> {
  const tortie = file("usr/bin/tortie", executable, true);
  const plugins = PLUGINS.map((name): Entry & { kind: "file" } => {
    const entry = packages.entry(`usr/lib/cni/${name}`);
    if (entry.kind !== "file") throw new Error(`/${entry.path} of Debian's packages is no file`);
    return { ...entry, path: `opt/cni/bin/${name}` };
  });
  const programs = [tortie, ...plugins].filter((entry) => entry.kind === "file");
  return new Map([
    [BASE, base(packages, neededLibraries(programs, packages, architecture))],
    ["plugins", [...plugins, ...trailOf(packages, PLUGIN_PACKAGE)]],
    [
      "tortie",
      [
        tortie,
        ...LINKS.map((name): Entry => ({ kind: "link", path: `usr/bin/${name}`, target: "tortie" })),
        ...[...licenses].map(([path, text]) => file(`usr/share/licenses/tortie/${path}`, text)),
      ],
    ],
  ]);
}
