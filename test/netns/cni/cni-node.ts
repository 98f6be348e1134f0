import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type RunPaths, runPaths } from "../../../handshake/run-paths.ts";
import { startTestAgent, type TestAgent } from "../../../handshake/test-agent.ts";
import { NetworkNamespace } from "../../../native/network-namespace.ts";
import { program } from "../../real/programs.ts";
import { ip, setSysctl } from "../other-cni/commands.ts";

const MAIN = new URL("../../../main.ts", import.meta.url).pathname;

/** What the plugin said and how it ended. */
export interface Said {
  readonly exitCode: number;
  /** Undefined where it printed nothing. */
  readonly output: unknown;
  readonly complaint: string;
}

/** One container of a pod `x/NAME`. */
export interface Container {
  readonly id: string;
  readonly pod: string;
  readonly network: NetworkNamespace;
}

export interface CallOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Instead of fields of the network's configuration, or beside them. */
  readonly network?: object;
  /** Instead of the configuration. */
  readonly stdin?: string;
  /** Instead of `tortie cni`. */
  readonly command?: readonly string[];
  readonly onStart?: (child: Bun.Subprocess) => void;
}

/** A node on which the plugin is called as a runtime calls it, and whose agent says what the test wants. */
export class CniNode implements Disposable {
  readonly host: NetworkNamespace;
  readonly paths: RunPaths;
  readonly leases: string;
  readonly agent: TestAgent;
  /** Network's configuration, for all calls. */
  network: object;
  /** What the agent says; undefined: that all is well. */
  answer: (request: Readonly<Record<string, unknown>>) => object | undefined = () => undefined;
  #awaited: { readonly kind: string; readonly ring: () => void } | undefined;
  readonly #root: string;
  readonly #pods = new DisposableStack();

  constructor({ podCidrs = ["10.1.0.0/24"] }: { readonly podCidrs?: readonly string[] } = {}) {
    this.host = NetworkNamespace.create();
    setSysctl(this.host, "net/ipv4/ip_forward", "1");
    setSysctl(this.host, "net/ipv6/conf/all/forwarding", "1");
    ip(this.host, "link set lo up");
    this.#root = mkdtempSync(join(tmpdir(), "tortie-cni-"));
    this.paths = runPaths(join(this.#root, "run"));
    this.leases = join(this.#root, "leases");
    mkdirSync(this.paths.directory);
    const node = { name: "n-1", podCidrs, mtu: 1450 };
    this.agent = startTestAgent((request, caller) => {
      const { kind } = request;
      const byDefault =
        kind === "node" || kind === "state"
          ? { kind, node }
          : { kind: kind === "delete" ? "deleted" : "programmed" };
      caller.say(this.answer(request) ?? byDefault);
      const awaited = this.#awaited;
      if (awaited !== undefined && kind === awaited.kind) awaited.ring();
    }, this.paths.socket);
    this.network = {
      cniVersion: "1.1.0",
      name: "k8s-pod-network",
      type: "calico",
      run_dir: this.paths.directory,
      ipam: { type: "host-local", subnet: "usePodCidr", dataDir: this.leases },
    };
  }

  container(id: string, pod: string = id): Container {
    return { id, pod, network: this.#pods.use(NetworkNamespace.create()) };
  }

  async call(verb: string, container: Container | undefined, options: CallOptions = {}): Promise<Said> {
    const { environment = {}, network = {}, command = [process.execPath, MAIN, "cni"] } = options;
    const { stdin = JSON.stringify({ ...this.network, ...network }) } = options;
    const of = container && {
      CNI_CONTAINERID: container.id,
      CNI_NETNS: container.network.path,
      CNI_IFNAME: "eth0",
      CNI_ARGS: `K8S_POD_NAMESPACE=x;K8S_POD_NAME=${container.pod};K8S_POD_UID=uid-${container.id}`,
    };
    const env = {
      PATH: process.env["PATH"],
      CNI_COMMAND: verb,
      CNI_PATH: this.pluginPath,
      ...of,
      ...environment,
    };
    const child = this.host.run(() =>
      Bun.spawn([...command], { env, stdin: Buffer.from(stdin), stdout: "pipe", stderr: "pipe" }),
    );
    options.onStart?.(child);
    const [out, complaint, exitCode] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    return { exitCode, output: out === "" ? undefined : JSON.parse(out), complaint };
  }

  /** Once the agent has answered such a request. */
  onRequest(kind: string, ring: () => void): void {
    this.#awaited = { kind, ring };
  }

  get pluginPath(): string {
    return dirname(program("host-local"));
  }

  /** Everything that ADD makes outside pods, by name, and locks that nobody removed. */
  traces(): string[] {
    const links = ip(this.host, "link show").matchAll(/^\d+: (cali[^:@]*)/gm);
    const show = (family: string): string =>
      this.host.run(() => Bun.spawnSync(["ip", family, "route", "show", "proto", "116"])).stdout.toString();
    const routes = (show("-4") + show("-6"))
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(" ").slice(0, 3).join(" "));
    const list = (path: string): string[] =>
      statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(path) : [];
    const leases = list(join(this.leases, "k8s-pod-network")).filter((name) => /^[\d.]+$|:/.test(name));
    return [
      ...[...links].map(([, name]) => `link ${name}`),
      ...routes.map((route) => `route ${route}`),
      ...list(this.paths.locks).map((name) => `lock ${name}`),
      ...list(this.paths.endpoints).map((name) => `record ${name}`),
      ...leases.map((address) => `lease ${address}`),
    ].toSorted();
  }

  /** As a reboot does; the agent's socket alone is there again at once. */
  forgetRun(): void {
    for (const name of readdirSync(this.paths.directory)) {
      if (name !== "agent.sock") rmSync(join(this.paths.directory, name), { recursive: true });
    }
  }

  /** Interfaces of the container, but its loopback. */
  interfaces({ network }: Container): string[] {
    return [...ip(network, "link show").matchAll(/^\d+: ([^:@]*)/gm)]
      .map(([, name = ""]) => name)
      .filter((name) => name !== "lo");
  }

  [Symbol.dispose](): void {
    this.#pods[Symbol.dispose]();
    this.agent[Symbol.dispose]();
    this.host[Symbol.dispose]();
    rmSync(this.#root, { recursive: true, force: true });
  }
}
