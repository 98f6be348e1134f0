import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { program } from "../../test/real/programs.ts";

export interface MeasureOptions {
  /** The compiled program. */
  readonly executable: string;
  /** A directory of its own. */
  readonly directory: string;
  readonly runs: number;
  /** How many are wired by our plugin before. */
  readonly pods: number;
}

export interface Measured {
  readonly what: "ptp" | "tortie cni" | "  waiting for the agent, in that" | "  without it";
  readonly milliseconds: readonly number[];
}

const NODE = `
apiVersion: v1
kind: Node
metadata: { name: node }
spec: { podCIDRs: [10.77.0.0/16] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: deny, namespace: bench }
spec: { podSelector: {}, policyTypes: [Ingress, Egress], egress: [{ to: [{ podSelector: {} }] }] }
`;

interface Call {
  readonly command: readonly string[];
  readonly configuration: object;
  readonly container: string;
  readonly pod: NetworkNamespace;
}

/** Everything that a run of plugins needs: a node, its agent, manifests of all pods that will ever be. */
export async function measureAdds({
  executable,
  directory,
  runs,
  pods,
}: MeasureOptions): Promise<Measured[]> {
  await using resources = new AsyncDisposableStack();
  const node = resources.use(NetworkNamespace.create());
  const [manifests, run, leases] = ["manifests", "run", "leases"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [manifests, run, leases]) mkdirSync(path);
  node.run(() => {
    // A default route, as every node has one.
    for (const words of [
      "link set lo up",
      "link add uplink type veth peer name beyond",
      "link set uplink up",
      "link set beyond up",
      "address add 192.0.2.1/24 dev uplink",
      "route add default via 192.0.2.2",
    ])
      Bun.spawnSync(["ip", ...words.split(" ")]);
    writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
  });

  const names = Array.from({ length: pods + runs }, (_, at) => `pod-${at}`);
  const objects = names.map(
    (name) =>
      `---\napiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: bench, labels: { app: a${name.length} } }\n` +
      "spec: { containers: [{ name: c, image: i }] }\n",
  );
  writeFileSync(join(manifests, "all.yaml"), `${objects.join("")}---${NODE}`);
  const agent = node.run(() =>
    Bun.spawn([executable, "agent"], {
      env: {
        PATH: process.env["PATH"] ?? "",
        DATASTORE_TYPE: "file",
        DATASTORE_PATH: manifests,
        NODENAME: "node",
        TORTIE_RUNDIRECTORY: run,
        TORTIE_STATEDIRECTORY: directory,
        FELIX_HEALTHENABLED: "false",
        FELIX_LOGSEVERITYSCREEN: "warning",
      },
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
    }),
  );
  resources.defer(async () => {
    agent.kill("SIGKILL");
    await agent.exited;
  });

  function call(
    command: "ADD" | "DEL",
    { command: words, configuration, container, pod }: Call,
  ): { milliseconds: number; complaints: string } {
    const env = {
      PATH: process.env["PATH"] ?? "",
      CNI_COMMAND: command,
      CNI_CONTAINERID: container,
      CNI_NETNS: pod.path,
      CNI_IFNAME: "eth0",
      CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=bench;K8S_POD_NAME=${container}`,
      CNI_PATH: dirname(program("host-local")),
    };
    const began = performance.now();
    const done = node.run(() =>
      Bun.spawnSync([...words], { env, stdin: Buffer.from(JSON.stringify(configuration)) }),
    );
    const milliseconds = performance.now() - began;
    if (!done.success)
      throw new Error(`${words.join(" ")} ${command}: ${done.stdout.toString()}${done.stderr.toString()}`);
    return { milliseconds, complaints: done.stderr.toString() };
  }

  const ipam = (subnet: string): object => ({ type: "host-local", dataDir: leases, subnet });
  const ours = {
    command: [executable, "cni"],
    configuration: {
      cniVersion: "1.0.0",
      name: "ours",
      type: "tortie",
      log_level: "debug",
      run_dir: run,
      mtu: 1500,
      ipam: ipam("usePodCidr"),
    },
  };
  const theirs = {
    command: [program("ptp")],
    configuration: {
      cniVersion: "1.0.0",
      name: "theirs",
      type: "ptp",
      mtu: 1500,
      ipam: ipam("10.78.0.0/16"),
    },
  };
  const pod = (): NetworkNamespace => resources.use(NetworkNamespace.create());
  for (const container of names.slice(0, pods)) call("ADD", { ...ours, container, pod: pod() });

  const [plugin, handshake, ptp]: [number[], number[], number[]] = [[], [], []];
  for (const container of names.slice(pods)) {
    const { milliseconds, complaints } = call("ADD", { ...ours, container, pod: pod() });
    plugin.push(milliseconds);
    handshake.push(handshakeOf(complaints));
    ptp.push(call("ADD", { ...theirs, container, pod: pod() }).milliseconds);
  }
  return [
    { what: "ptp", milliseconds: ptp },
    { what: "tortie cni", milliseconds: plugin },
    { what: "  waiting for the agent, in that", milliseconds: handshake },
    { what: "  without it", milliseconds: plugin.map((one, at) => one - (handshake[at] ?? 0)) },
  ];
}

/** What the plugin's log says that it waited for the agent, in milliseconds. */
function handshakeOf(log: string): number {
  const found = [...log.matchAll(/asked the agent, "\w+": ([\d.]+) ms/g)].map(([, milliseconds]) =>
    Number(milliseconds),
  );
  if (found.length === 0) throw new Error(`the plugin does not say how long it asked the agent: ${log}`);
  return found.reduce((sum, one) => sum + one, 0);
}
