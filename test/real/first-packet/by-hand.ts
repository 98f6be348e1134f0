import { NetworkNamespace } from "../../../native/network-namespace.ts";
import { pollSockets, ProbeSocket } from "../../../native/probe-socket.ts";
import { socketAddress } from "../../../demo/lab/place.ts";
import { type Address, addressFamily, parseAddress } from "../../../model/address.ts";
import type { FullNode } from "./node.ts";

/** A pod that the API server has, and whose container nobody runs. */
export interface WiredByHand extends Disposable {
  readonly network: NetworkNamespace;
  readonly addresses: readonly Address[];
}

const CONNECT_MILLISECONDS = 10_000;

function addressesOf(output: string): Address[] {
  const { ips } = JSON.parse(output) as { ips: readonly { readonly address: string }[] };
  return ips.flatMap(({ address }) => parseAddress(address.split("/")[0] ?? "") ?? []);
}

/** Calls the plugin on the machine as a runtime does, `configuration` on its standard input. Nothing happens between its end and the return. */
export function wireByHand(
  { machine }: FullNode,
  pod: { readonly name: string; readonly uid: string },
  configuration: unknown,
): WiredByHand {
  const network = NetworkNamespace.create();
  const call = (verb: "ADD" | "DEL"): string => {
    const env = {
      PATH: process.env["PATH"] ?? "",
      CNI_COMMAND: verb,
      CNI_CONTAINERID: `by-hand-${pod.name}`,
      CNI_NETNS: network.path,
      CNI_IFNAME: "eth0",
      CNI_PATH: "/opt/cni/bin",
      CNI_ARGS: `K8S_POD_NAMESPACE=default;K8S_POD_NAME=${pod.name};K8S_POD_UID=${pod.uid}`,
    };
    const stdin = Buffer.from(JSON.stringify(configuration));
    const done = Bun.spawnSync(machine.command(["/opt/cni/bin/calico"]), { env, stdin });
    if (!done.success)
      throw new Error(`${verb} ${pod.name}: ${done.stdout.toString()}${done.stderr.toString()}`);
    return done.stdout.toString();
  };
  const addresses = addressesOf(call("ADD"));
  return {
    network,
    addresses,
    [Symbol.dispose]: () => {
      call("DEL");
      network[Symbol.dispose]();
    },
  };
}

/** Milliseconds from now until a server's answer to the first SYN is there. */
export function connectMilliseconds(network: NetworkNamespace, to: Address, port: number): number {
  const began = performance.now();
  const from = (addressFamily(to) === 4 ? "0.0.0.0" : "::") as Address;
  using socket = network.run(() => ProbeSocket.connectTcp(socketAddress(from, 0), socketAddress(to, port)));
  const [answered] = pollSockets([{ socket, until: "writable" }], CONNECT_MILLISECONDS);
  const outcome = answered === undefined ? "no answer" : socket.connectOutcome();
  if (outcome !== "connected") throw new Error(`to ${to} port ${port}: ${outcome}`);
  return performance.now() - began;
}
