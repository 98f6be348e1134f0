import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createLab, type Lab } from "../../../../demo/lab/lab.ts";
import { askHealth, type RunningAgent, startTortie, until } from "../../../agent/running-agent.ts";
import { type Containerd, type ContainerdOptions, startContainerd } from "../../containerd.ts";
import { type Machine, startMachine } from "../../machine.ts";
import { program } from "../../programs.ts";
import { builtExecutable } from "./built.ts";

/** Of the node, in the manifests that are its datastore. */
export const NODE = "node-1";
/** The name of the network, by which host-local calls its directory of leases. */
export const NETWORK = "k8s-pod-network";
/** Two hosts beyond the node. */
export const CLIENT = { ipv4: "203.0.113.10", ipv6: "2001:db8:113::10" } as const;
export const STRANGER = { ipv4: "203.0.113.200", ipv6: "2001:db8:113::200" } as const;
/** Of whoever asks from beyond the node and says nothing else. */
export const UPLINK = { ipv4: "192.0.2.2", ipv6: "2001:db8:2::2" } as const;
/** The node's own, on its uplink. */
export const NODE_ADDRESS = { ipv4: "192.0.2.1", ipv6: "2001:db8:2::1" } as const;

export const CALICO = { type: "calico", ipam: { type: "host-local", subnet: "usePodCidr" } } as const;
export const PORTMAP = { type: "portmap", snat: true, capabilities: { portMappings: true } } as const;
export const BANDWIDTH = { type: "bandwidth", capabilities: { bandwidth: true } } as const;

const OWN_DIRECTORIES = ["/etc/cni", "/opt/cni", "/var/lib/cni", "/var/lib/calico"];

export interface PluginMachineOptions {
  readonly podCidrs: readonly string[];
  /** As for any machine: what outlives it. */
  readonly disk?: string;
}

/** Of one pod; its name is its only label, its UID is `uid-NAME`. */
export interface PodWords {
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

export function uidOf(name: string): string {
  return `uid-${name}`;
}

/** The template by which the agent writes the configuration, or the configuration itself. */
export function networkList(plugins: readonly object[], cniVersion = "1.0.0"): object {
  return { name: NETWORK, cniVersion, plugins };
}

/** A machine with our executable in its directory of plugins, put there by `tortie install`, and hosts beyond it. */
export class PluginMachine implements AsyncDisposable {
  readonly machine: Machine;
  readonly lab: Lab;
  /** The agent's datastore. */
  readonly manifests: string;
  #agent: RunningAgent | undefined;
  #containerd: Containerd | undefined;

  private constructor(machine: Machine, lab: Lab) {
    this.machine = machine;
    this.lab = lab;
    this.manifests = mkdtempSync(join(tmpdir(), "tortie-manifests-"));
  }

  static async start({ podCidrs, disk }: PluginMachineOptions): Promise<PluginMachine> {
    const executable = await builtExecutable();
    const isNew = disk === undefined || !existsSync(join(disk, "etc"));
    const lab = createLab({ pods: [] });
    let machine: Machine;
    try {
      machine = await startMachine({ network: lab.node.network, ...(disk !== undefined && { disk }) });
    } catch (error) {
      lab[Symbol.dispose]();
      throw error;
    }
    const plugins = dirname(program("host-local"));
    const made = new PluginMachine(machine, lab);
    try {
      // What the real machine has of it shines through.
      if (isNew) await machine.run(["rm", "-rf", ...OWN_DIRECTORIES]);
      await machine.run([executable, "install", "--executable", executable, "--plugins", plugins]);
    } catch (error) {
      await made[Symbol.asyncDispose]();
      throw error;
    }
    made.manifest("node", {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: NODE },
      spec: { podCIDR: podCidrs[0], podCIDRs: podCidrs },
    });
    return made;
  }

  get agent(): RunningAgent {
    if (this.#agent === undefined) throw new Error("no agent was started");
    return this.#agent;
  }

  get containerd(): Containerd {
    if (this.#containerd === undefined) throw new Error("no runtime was started");
    return this.#containerd;
  }

  /** Of the machine, as the test sees it. */
  path(name: string): string {
    return join(this.machine.root, name);
  }

  /** Starts the agent and waits until it is ready. With `plugins` it writes the runtime's configuration. */
  async startAgent(
    plugins?: readonly object[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const PATH = process.env["PATH"] ?? "";
    const settings = {
      PATH,
      NODENAME: NODE,
      DATASTORE_PATH: this.manifests,
      CALICO_MANAGE_CNI: "true",
      TORTIE_GRACESECONDS: "0",
      ...(plugins !== undefined && { CNI_NETWORK_CONFIG: JSON.stringify(networkList(plugins)) }),
      ...environment,
    };
    this.#agent = startTortie(this.machine.network, ["agent"], settings, this.machine.command([]));
    await this.untilReady();
  }

  async untilReady(): Promise<void> {
    const { agent } = this;
    await until(async () => {
      if (agent.process.exitCode !== null) throw new Error(`the agent ended: ${agent.err()}${agent.out()}`);
      return (await this.readiness())?.status === 200;
    });
  }

  readiness(): ReturnType<typeof askHealth> {
    return askHealth(this.machine.network, "/readiness");
  }

  async startContainerd(options: ContainerdOptions = {}): Promise<Containerd> {
    this.#containerd = await startContainerd(this.machine, options);
    return this.#containerd;
  }

  /** Waits until the runtime has read a configuration. */
  async untilNetworkReady(): Promise<void> {
    await until(async () => (await this.containerd.cri.networkReady()).ready);
  }

  /** By hand, what the agent writes otherwise. */
  writeNetwork(plugins: readonly object[], cniVersion?: string): void {
    mkdirSync(this.path("etc/cni/net.d"), { recursive: true });
    writeFileSync(
      this.path("etc/cni/net.d/10-calico.conflist"),
      JSON.stringify(networkList(plugins, cniVersion)),
    );
  }

  manifest(name: string, object: object): void {
    writeFileSync(join(this.manifests, `${name}.json`), JSON.stringify(object));
  }

  /** What the datastore says of pods from now on; the agent hears of it soon. */
  announce(...pods: readonly PodWords[]): void {
    for (const { namespace = "shop", name, uid = uidOf(name) } of pods) {
      this.manifest(`pod-${namespace}-${name}`, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { namespace, name, uid, labels: { pod: name } },
        spec: { nodeName: NODE, containers: [] },
      });
    }
  }

  /** Pods of this name in `shop` are let in by these rules only. */
  letIn(pod: string, ...ingress: readonly object[]): void {
    this.manifest(`to-${pod}`, {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { namespace: "shop", name: `to-${pod}` },
      spec: { podSelector: { matchLabels: { pod } }, policyTypes: ["Ingress"], ingress },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#agent?.process.exitCode === null) await this.#agent.end("SIGKILL");
    await this.machine[Symbol.asyncDispose]();
    this.lab[Symbol.dispose]();
    rmSync(this.manifests, { recursive: true, force: true });
  }
}
