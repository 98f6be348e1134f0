import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Cri, openCri } from "./cri.ts";
import type { Machine } from "./machine.ts";
import { POD_IMAGE, type PodProgram, podImage } from "./pod-image.ts";
import { program } from "./programs.ts";
import type { ServerProcess } from "./server-process.ts";

/** What the kubelet's containers are in, as against those of `ctr` by default. */
const NAMESPACE = "k8s.io";

const SOCKET = "/run/containerd/containerd.sock";

export interface ContainerdOptions {
  /** Paths on the machine. Default: /opt/cni/bin and /etc/cni/net.d; `ctr run --cni` knows no others. */
  readonly cniBinDirectory?: string;
  readonly cniConfigDirectory?: string;
  /** Beside busybox in the image of all pods. */
  readonly programs?: readonly PodProgram[];
  /** Where plugins that need other programs find them, portmap its iptables. Default: the real ones of the tests, then the test's. */
  readonly path?: string;
}

/** Debian's containerd, runc below it, with an image for pods; it has no network until there are a plugin and its configuration. */
export interface Containerd {
  readonly cri: Cri;
  /** Its socket as programs on the machine name it. */
  readonly address: string;
  readonly server: ServerProcess;
  /** Runs ctr in the kubelet's namespace of containerd, or another, and gives its standard output. */
  ctr(args: readonly string[], namespace?: string): Promise<string>;
  /** Runs a container of the image with `ctr run --cni` to its end and gives its standard output. */
  run(id: string, command: readonly string[]): Promise<string>;
  /** Waits until it serves, after a start. */
  ready(): Promise<void>;
}

/** TOML's strings are JSON's, as far as paths go. */
function configuration(disk: string, options: ContainerdOptions): string {
  const { cniBinDirectory = "/opt/cni/bin", cniConfigDirectory = "/etc/cni/net.d" } = options;
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = ${JSON.stringify(join(disk, "containerd"))}
state = "/run/containerd"
[grpc]
  address = "${SOCKET}"
[${cri}]
  # Sandboxes ask for the lowest score, and not every root may give it.
  restrict_oom_score_adj = true
  # The machine's cgroup has no controllers where those are version 1 of the real one.
  disable_cgroup = true
  sandbox_image = "${POD_IMAGE}"
  [${cri}.cni]
    bin_dir = ${JSON.stringify(cniBinDirectory)}
    conf_dir = ${JSON.stringify(cniConfigDirectory)}
`;
}

/** Starts it on a machine, with which it ends, and imports the image. */
export async function startContainerd(
  machine: Machine,
  options: ContainerdOptions = {},
): Promise<Containerd> {
  const programs = dirname(program("containerd"));
  const path = options.path ?? `${programs}:${process.env["PATH"] ?? ""}`;
  const directory = join(machine.root, "etc/containerd");
  await machine.run(["mkdir", "-p", "/etc/containerd"]);
  writeFileSync(join(directory, "tortie.toml"), configuration(machine.disk, options));
  const words = [program("containerd"), "--config", "/etc/containerd/tortie.toml"];
  const server = machine.server("containerd", ["env", `PATH=${path}`, ...words]);
  const cri = openCri(join(machine.root, SOCKET));
  const ctr = (args: readonly string[], namespace = NAMESPACE): Promise<string> =>
    machine.run([program("ctr"), "--address", SOCKET, "--namespace", namespace, ...args], { PATH: path });

  const containerd: Containerd = {
    cri,
    address: `unix://${SOCKET}`,
    server,
    ctr,
    run: (id, command) => {
      // Shares of a processor need a controller.
      const how = ["--rm", "--cni", "--cpu-shares=0"];
      return ctr(["run", ...how, POD_IMAGE, id, ...command]);
    },
    ready: async () => {
      for (;;) {
        if (!server.running) throw new Error(`containerd ended: ${server.said()}`);
        if (await cri.networkReady().catch(() => undefined)) return;
        await Bun.sleep(10);
      }
    },
  };
  server.start();
  await containerd.ready();
  const image = join(machine.root, "run/pod-image.tar");
  await Bun.write(image, await podImage(options.programs));
  await ctr(["image", "import", "/run/pod-image.tar"]);
  return containerd;
}
