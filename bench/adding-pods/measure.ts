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

/** Seconds, one of each for every pod: pod by pod, what stands at one place was measured one after the other. */
export interface MeasuredAdds {
  readonly ptp: readonly number[];
  readonly ours: readonly number[];
  /** What of ours the plugin waited for the agent. */
  readonly agent: readonly number[];
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

/**
 * On a node in a network namespace, with the agent running, pods are added one after another, in turn by `tortie cni` and by
 * ptp of containernetworking, both with the same host-local. The time is that of the plugin's process, from start to end.
 */
export async function measureAdds({
  executable,
  directory,
  runs,
  pods,
}: MeasureOptions): Promise<MeasuredAdds> {
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
  ): { seconds: number; complaints: string } {
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
    const seconds = (performance.now() - began) / 1_000;
    if (!done.success)
      throw new Error(`${words.join(" ")} ${command}: ${done.stdout.toString()}${done.stderr.toString()}`);
    return { seconds, complaints: done.stderr.toString() };
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
    const { seconds, complaints } = call("ADD", { ...ours, container, pod: pod() });
    plugin.push(seconds);
    handshake.push(handshakeOf(complaints));
    ptp.push(call("ADD", { ...theirs, container, pod: pod() }).seconds);
  }
  return { ptp, ours: plugin, agent: handshake };
}

/** What the plugin's log says that it waited for the agent, in seconds. */
function handshakeOf(log: string): number {
  const found = [...log.matchAll(/asked the agent, "\w+": ([\d.]+) ms/g)].map(([, text]) => Number(text));
  if (found.length === 0) throw new Error(`the plugin does not say how long it asked the agent: ${log}`);
  return found.reduce((sum, one) => sum + one, 0) / 1_000;
}
