import { NetworkNamespaceError } from "../native/network-namespace-error.ts";
import type { PodObject } from "../test/oracle/objects.ts";
import { AgentError, AgentProcess } from "./agent-process.ts";
import { CLUSTER } from "./examples.ts";
import { createLab, type LabPod } from "./lab/lab.ts";
import { LabError } from "./lab/lab-error.ts";
import { ManifestDirectory } from "./manifests.ts";
import { PluginError, plugPods } from "./plugged-pods.ts";
import { tour } from "./tour.ts";

const HELP = `tortie demo: see Kubernetes NetworkPolicies enforced on real packets

It builds a node and nine pods as network namespaces of this machine, runs \`tortie agent\` in the node, has \`tortie cni\`
make the pods' links, writes policies as YAML files and measures with packets who still reaches whom. Everything is removed again, also on Ctrl-C.
It needs root, or an ordinary user's namespaces: unshare -rn tortie demo
Exit code: 0 every probe went as NetworkPolicy demands, 1 otherwise.
`;

const INTRODUCTION = [
  "",
  "   In the tables a row sends and a column receives; .10 and .200 are hosts outside. Each cell is TCP 80, TCP 81",
  "   and UDP 80, over IPv4 and over IPv6:  . all arrive   X all are dropped   1, 2, ... as told below the table.",
];

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function labPod({ metadata, status }: PodObject): LabPod {
  const addresses = (status?.podIPs ?? []).map(({ ip }) => ip);
  const ipv4 = addresses.find((address) => !address.includes(":")) ?? null;
  const ipv6 = addresses.find((address) => address.includes(":")) ?? null;
  return { namespace: metadata.namespace ?? "default", name: metadata.name, ipv4, ipv6 };
}

async function demo(stopping: AbortSignal): Promise<number> {
  const began = performance.now();
  using directory = new ManifestDirectory();
  directory.write(CLUSTER);
  using lab = createLab({ pods: directory.world().pods.map(labPod), wired: false });
  say("tortie demo: Kubernetes NetworkPolicy on real packets");
  say("");
  say(
    `   A node, nine pods without a network, and hosts outside: built in ${(performance.now() - began).toFixed(0)} ms.`,
  );
  await using agent = new AgentProcess(lab.node.network, {
    manifests: directory.path,
    run: directory.run,
  });
  const readyAfter = await agent.ready(stopping);
  say(
    `   \`tortie agent\` runs on the node and follows ${directory.path}; ready after ${readyAfter.toFixed(0)} ms.`,
  );
  const plugged = await plugPods(lab, directory.run);
  say(
    `   \`tortie cni\` gave all nine their links and addresses, each after its rules, in ${plugged.toFixed(0)} ms.`,
  );
  for (const line of INTRODUCTION) say(line);
  const { probes, asExpected } = await tour({ lab, directory, agent, say, stopping });
  say("");
  say(`${asExpected}/${probes} probes as expected`);
  return asExpected === probes ? 0 : 1;
}

function complain(text: string): number {
  process.stderr.write(`tortie demo: ${text}\n`);
  return 1;
}

/** `tortie demo`. Answers the exit code: 0 all as expected, 1 not, 130 interrupted or nobody reads on. */
export async function demoMain(args: readonly string[]): Promise<number> {
  const [first] = args;
  if (first === "--help" || first === "-h") {
    process.stdout.write(HELP);
    return 0;
  }
  if (first !== undefined) return complain(`unknown argument ${first}; it takes --help only`);
  const stopping = new AbortController();
  const onSignal = (): void => stopping.abort();
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  // A reader that leaves, as `| head` does, must not leave an agent behind.
  process.stdout.on("error", onSignal);
  try {
    return await demo(stopping.signal);
  } catch (error) {
    // Ctrl-C ends the agent, too, and its end may be noticed before our own signal.
    await new Promise((resolve) => void setImmediate(resolve));
    if (stopping.signal.aborted) {
      complain("interrupted; everything was removed");
      return 130;
    }
    if (error instanceof AgentError) return complain(`the agent does not do its work: ${error.message}`);
    if (error instanceof PluginError)
      return complain(`the CNI plugin does not do its work: ${error.message}`);
    if (error instanceof LabError || error instanceof NetworkNamespaceError) return complain(error.message);
    throw error;
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
    process.stdout.off("error", onSignal);
  }
}
