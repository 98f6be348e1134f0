import { expect } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Address, addressBytes } from "../../../model/address.ts";
import { Conntrack } from "../../../native/conntrack.ts";
import { pollSockets, ProbeSocket } from "../../../native/probe-socket.ts";
import { type RunningAgent, startTortie } from "../../agent/running-agent.ts";
import { CniNode, type CallOptions, type Container } from "./cni-node.ts";

export const PORT = 80;
/** Milliseconds; a packet takes less than one where the machine has time, and one that is dropped never comes. */
const PATIENCE = 300;

function pod(name: string, uid: string = `uid-${name}`, label: string = name): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace: "x", name, uid, labels: { pod: label } },
    spec: { nodeName: "node-1", containers: [] },
  };
}

const CLUSTER = [
  {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node-1" },
    spec: { podCIDRs: ["10.1.0.0/24", "fd00:1::/64"] },
  },
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "x" } },
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { namespace: "x", name: "to-b" },
    spec: {
      podSelector: { matchLabels: { pod: "b" } },
      ingress: [{ from: [{ podSelector: { matchLabels: { pod: "a" } } }] }],
    },
  },
];

export type Wired = Container & { readonly addresses: readonly Address[] };

/** A node with the real agent and the real plugin. Pods x/a, x/b and x/c are known; x/b hears from those labelled `pod: a` only. */
export class AgentNode implements AsyncDisposable {
  readonly node: CniNode = new CniNode();
  readonly #manifests = mkdtempSync(join(tmpdir(), "tortie-cni-manifests-"));
  #agent: RunningAgent | undefined;

  constructor() {
    this.node.agent.stop();
    for (const [at, object] of CLUSTER.entries()) this.#manifest(`cluster-${at}`, object);
    for (const name of ["a", "b", "c"]) this.announce(name);
  }

  /** What the datastore says of pod x/NAME from now on. */
  announce(name: string, { uid, label }: { readonly uid?: string; readonly label?: string } = {}): void {
    this.#manifest(`pod-${name}`, pod(name, uid, label));
  }

  #manifest(name: string, object: object): void {
    writeFileSync(join(this.#manifests, `${name}.json`), JSON.stringify(object));
  }

  /** Of an agent of this node. */
  get environment(): Readonly<Record<string, string>> {
    return {
      PATH: process.env["PATH"] ?? "",
      NODENAME: "node-1",
      DATASTORE_PATH: this.#manifests,
      TORTIE_RUNDIRECTORY: this.node.paths.directory,
      TORTIE_STATEDIRECTORY: join(this.#manifests, ".state"),
      TORTIE_GRACESECONDS: "0",
    };
  }

  start(): RunningAgent {
    this.#agent = startTortie(this.node.host, ["agent"], this.environment);
    return this.#agent;
  }

  add(name: string): Promise<Wired> {
    return this.wire(this.node.container(name));
  }

  async wire(container: Container, options: CallOptions = {}): Promise<Wired> {
    const { exitCode, output, complaint } = await this.node.call("ADD", container, options);
    expect({ exitCode, complaint, output }).toMatchObject({ exitCode: 0, complaint: "" });
    const { ips } = output as { readonly ips: readonly { readonly address: string }[] };
    return { ...container, addresses: ips.map(({ address }) => address.split("/")[0] as Address) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#agent?.process.exitCode === null) await this.#agent.end("SIGKILL");
    this.node[Symbol.dispose]();
    rmSync(this.#manifests, { recursive: true, force: true });
  }
}

/** Whether the first datagram ever gets from one pod to the other, by family. */
export function reaches(from: Wired, to: Wired): boolean[] {
  return to.addresses.map((address, at) => {
    const target = { address: addressBytes(address), port: PORT };
    using ears = to.network.run(() => ProbeSocket.bindUdp(target));
    const own = { address: addressBytes(from.addresses[at] as Address), port: 4_000 };
    using mouth = from.network.run(() => ProbeSocket.bindUdp(own));
    mouth.send(new Uint8Array(4), target);
    return pollSockets([{ socket: ears, until: "readable" }], PATIENCE).length > 0;
  });
}

/** How many connections from one of its addresses the kernel remembers. */
export function connections({ host }: CniNode, { addresses }: Wired): number {
  const own = addresses.map((address) => addressBytes(address).toHex());
  let count = 0;
  host.run(() => {
    using conntrack = new Conntrack();
    conntrack.visit(undefined, ({ originalSource }) => {
      if (own.includes(originalSource.toHex())) count++;
    });
  });
  return count;
}
