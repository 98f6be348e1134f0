import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLab, type Lab } from "../../../demo/lab/lab.ts";
import { type AgentClient, openAgent } from "../../../handshake/agent-client.ts";
import type { EndpointRecord } from "../../../handshake/endpoint-record.ts";
import { writeRecord } from "../../../handshake/record-files.ts";
import { type RunPaths, runPaths } from "../../../handshake/run-paths.ts";
import { type Answer, askHealth, type RunningAgent, startTortie, until } from "../../agent/running-agent.ts";
import { placeOf } from "../place-of.ts";

/** A pod whose manifest has no address: only its record says which it has. */
export interface PluggedPod {
  /** In namespace `x`; its only label is `pod: NAME`. */
  readonly name: string;
  readonly uid: string;
}

const GATEWAY_IPV6 = "fe80::ecee:eeff:feee:eeee";
const GATEWAY_MAC = "ee:ee:ee:ee:ee:ee";
const LIMIT_MILLISECONDS = 20_000;

/** A node with the real agent, pods that are linked to it, and a test in the place of the CNI plugin. */
export class PluggedNode implements AsyncDisposable {
  readonly lab: Lab;
  readonly paths: RunPaths;
  readonly manifests: string;
  readonly #root: string;
  readonly #plugin: AgentClient;
  #agent: RunningAgent | undefined;

  constructor(pods: readonly PluggedPod[]) {
    this.lab = createLab({ pods: pods.map(({ name }) => ({ namespace: "x", name })) });
    this.#root = mkdtempSync(join(tmpdir(), "tortie-plugged-"));
    this.paths = runPaths(join(this.#root, "run"));
    this.manifests = mkdtempSync(join(this.#root, "manifests-"));
    this.#plugin = openAgent(this.paths.socket, { retryMilliseconds: 5 });
    for (const pod of pods) this.announce(pod);
    for (const { network } of this.lab.pods.values()) {
      // As the plugin leaves it: a pod asks for nothing before it may speak, and so has nothing to wait for afterwards.
      const entry = [
        "neighbour",
        "replace",
        GATEWAY_IPV6,
        "lladdr",
        GATEWAY_MAC,
        "dev",
        "eth0",
        "nud",
        "permanent",
      ];
      const done = network.run(() => Bun.spawnSync(["ip", ...entry]));
      if (!done.success) throw new Error(done.stderr.toString());
    }
  }

  get agent(): RunningAgent {
    if (this.#agent === undefined) throw new Error("no agent was started");
    return this.#agent;
  }

  path(name: string): string {
    return join(this.#root, name);
  }

  start(): RunningAgent {
    this.#agent = startTortie(this.lab.node.network, ["agent"], {
      PATH: process.env["PATH"] ?? "",
      NODENAME: "node-1",
      DATASTORE_PATH: this.manifests,
      TORTIE_RUNDIRECTORY: this.paths.directory,
      TORTIE_STATEDIRECTORY: this.path("state"),
      TORTIE_GRACESECONDS: "0",
    });
    return this.#agent;
  }

  async startReady(): Promise<RunningAgent> {
    const agent = this.start();
    await until(async () => (await this.readiness())?.status === 200);
    return agent;
  }

  readiness(): Promise<Answer | undefined> {
    return askHealth(this.lab.node.network, "/readiness");
  }

  /** What the datastore says of the pod from now on. */
  announce({ name, uid }: PluggedPod): void {
    const metadata = { namespace: "x", name, uid, labels: { pod: name } };
    this.manifest(`pod-${name}`, {
      apiVersion: "v1",
      kind: "Pod",
      metadata,
      spec: { nodeName: "node-1", containers: [] },
    });
  }

  /** Pods of this name hear from that one only, on UDP port 80. */
  letIn(to: string, from: string): void {
    const peer = { podSelector: { matchLabels: { pod: from } } };
    this.manifest(`to-${to}`, {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { namespace: "x", name: `to-${to}` },
      spec: {
        podSelector: { matchLabels: { pod: to } },
        ingress: [{ from: [peer], ports: [{ protocol: "UDP", port: 80 }] }],
      },
    });
  }

  manifest(name: string, object: object): void {
    writeFileSync(join(this.manifests, `${name}.json`), JSON.stringify(object));
  }

  /** What the plugin says of a container of the pod. */
  record(pod: string, changes: Partial<EndpointRecord> = {}): EndpointRecord {
    const place = placeOf(this.lab, `x/${pod}`);
    return {
      version: 1,
      containerId: `c-${pod}`,
      namespace: "x",
      pod,
      uid: `uid-${pod}`,
      interface: place.interfaceName,
      podInterface: "eth0",
      network: "k8s-pod-network",
      namespacePath: place.network.path,
      addresses: place.addresses,
      createdAt: Date.now(),
      ...changes,
    };
  }

  /** As the plugin does it: the record's file, then the request. Gives how the agent answered. */
  async add(record: EndpointRecord, onWaiting: (what: string) => void = () => {}): Promise<string> {
    writeRecord(this.paths, record);
    const answer = await this.#plugin.request(
      { kind: "add", record },
      { milliseconds: LIMIT_MILLISECONDS, onWaiting },
    );
    return answer.kind === "refused" ? `refused: ${answer.found}` : answer.kind;
  }

  async ask(kind: "check" | "delete", containerId: string): Promise<string> {
    const answer = await this.#plugin.request({ kind, containerId }, { milliseconds: LIMIT_MILLISECONDS });
    if (answer.kind === "refused") return `refused: ${answer.found}`;
    return answer.kind === "waiting" ? `waiting: ${answer.for}` : answer.kind;
  }

  /** Whether a first UDP packet to port 80 gets from one pod to the other, by family. */
  async reaches(from: string, to: string): Promise<readonly boolean[]> {
    return this.lab.probe(
      ([4, 6] as const).map((family) => ({
        from: `x/${from}`,
        to: `x/${to}`,
        protocol: "UDP" as const,
        port: 80,
        family,
      })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#plugin[Symbol.dispose]();
    if (this.#agent?.process.exitCode === null) await this.#agent.end("SIGKILL");
    this.lab[Symbol.dispose]();
    rmSync(this.#root, { recursive: true, force: true });
  }
}
