import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addTable } from "../../dataplane/nft/commands.ts";
import { NetlinkWriter } from "../../dataplane/nft/netlink-writer.ts";
import { KUBECONFIG_MARK } from "../../handshake/cni-files.ts";
import { noteOf, WRITTEN_NAME } from "../../handshake/written-configs.ts";
import type { NodePlaces } from "../../install/uninstall-options.ts";
import { uninstallIn } from "../../install/uninstall-main.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { nft, nftOrThrow } from "../netns/nft-command.ts";
import { ip } from "../netns/other-cni/commands.ts";
import { writeExecutable, writeScript } from "./fake-executable.ts";

export interface Outcome {
  readonly code: number;
  readonly said: string;
  readonly warned: string;
}

export interface Left {
  readonly files: readonly string[];
  readonly routes: readonly string[];
  readonly tables: string;
}

/** What stays on such a node. */
export const LEFT: Left = {
  files: ["bin", "bin/host-local", "net.d", "net.d/30-flannel.conflist", "net.d/40-broken.conf"],
  routes: ["10.0.9.0/24"],
  tables: "table ip other\n",
};

/** What stands behind a verb in the lines of an outcome. */
export function listed(said: string, verb: string): string[] {
  return said
    .split("\n")
    .flatMap((line) => (line.startsWith(`${verb} `) ? [line.slice(verb.length + 1)] : []));
}

const NETWORK =
  '{"name": "k8s-pod-network", "plugins": [{"type": "TYPE", "ipam": {"type": "IPAM"}}, {"type": "portmap"}]}';

/** A node that tortie worked on, beside others: a network namespace, and directories of its own. */
export class UsedNode {
  readonly network: NetworkNamespace;
  readonly root: string;
  readonly bin: string;
  readonly net: string;
  readonly run: string;
  readonly state: string;

  constructor() {
    this.root = mkdtempSync(join(tmpdir(), "tortie-uninstall-"));
    this.network = NetworkNamespace.create();
    [this.bin, this.net, this.run, this.state] = ["bin", "net.d", "run", "state"].map((name) =>
      join(this.root, name),
    ) as [string, string, string, string];
    this.fill();
    ip(
      this.network,
      "link add cali1 type veth peer name eth0",
      "link set cali1 up",
      "route add 10.0.0.5/32 dev cali1 scope link proto 116",
      "route add 10.0.9.0/24 dev cali1 proto static",
      "route add 10.0.8.0/24 via 10.0.9.1 dev cali1 proto 116 table 1000",
      "route add fd00::5/128 dev cali1 proto 116",
    );
    nftOrThrow(this.network, ["add table ip other; add chain ip other x"]);
    // An owner that died left it.
    using writer = this.network.run(() => new NetlinkWriter());
    writer.apply({ nftables: [addTable(["owner", "persist"])] });
  }

  /** Whatever of the files is not there. */
  fill(): void {
    for (const directory of [
      this.bin,
      this.net,
      join(this.run, "endpoints"),
      join(this.run, "locks"),
      this.state,
    ])
      mkdirSync(directory, { recursive: true });
    for (const name of ["calico", "tortie"]) writeExecutable(join(this.bin, name));
    for (const name of [".calico.tortie-new", "host-local"]) writeScript(join(this.bin, name), "");
    const text = this.config("10-calico.conflist", "calico");
    writeFileSync(join(this.net, WRITTEN_NAME), noteOf(new Map(), "10-calico.conflist", text));
    this.config("20-mine.conf", "tortie");
    this.config("30-flannel.conflist", "flannel");
    writeFileSync(join(this.net, "40-broken.conf"), "{");
    writeFileSync(join(this.net, ".10-calico.conflist.tortie-new"), "{");
    writeFileSync(join(this.net, "calico-kubeconfig"), `${KUBECONFIG_MARK}\n`);
    for (const name of ["agent.sock", "agent-away", "boot-id", "boot-id.tmp", "boot-id.lock"])
      writeFileSync(join(this.run, name), "");
    for (const name of ["c1.json", ".c2.tmp"]) writeFileSync(join(this.run, "endpoints", name), "{}");
    writeFileSync(join(this.run, "locks", "c1"), "");
    for (const name of ["mtu", ".mtu.tortie-new"]) writeFileSync(join(this.state, name), "1450");
  }

  config(name: string, type: string, ipam = "host-local"): string {
    const text = NETWORK.replace("TYPE", type).replace("IPAM", ipam);
    writeFileSync(join(this.net, name), text);
    return text;
  }

  get places(): NodePlaces {
    const { bin, net, run, state } = this;
    return { binDirectories: [bin], netDirectories: [net], runDirectory: run, stateDirectory: state };
  }

  uninstall(...words: readonly string[]): Outcome {
    let said = "";
    let warned = "";
    const { bin, net, run, state } = this;
    const where = ["--bin-dir", bin, "--net-dir", net, "--run-dir", run, "--state-dir", state];
    const code = this.network.run(() =>
      uninstallIn([...where, ...words], {
        environment: {},
        print: (text) => {
          said += text;
          return 0;
        },
        warn: (text) => void (warned += text),
      }),
    );
    return { code, said: said.replaceAll(this.root, "NODE"), warned: warned.replaceAll(this.root, "NODE") };
  }

  /** What lies in the node's directories, and in its kernel. */
  left(): Left {
    const files = new Bun.Glob("**").scanSync({ cwd: this.root, onlyFiles: false, dot: true });
    const routes = ip(this.network, "route show table all").split("\n");
    return {
      files: [...files].toSorted(),
      routes: routes.flatMap((line) => /^(\S+) .*proto (116|static)/.exec(line)?.[1] ?? []).toSorted(),
      tables: nft(this.network, ["list tables"]).output,
    };
  }

  [Symbol.dispose](): void {
    this.network[Symbol.dispose]();
    if (existsSync(this.root)) rmSync(this.root, { recursive: true });
  }
}
