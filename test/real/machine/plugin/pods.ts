import { NetworkNamespace } from "../../../../native/network-namespace.ts";
import type { PortMapping, SandboxPod } from "../../cri.ts";
import { type PluginMachine, uidOf } from "./plugin-machine.ts";

/** What a pod answers over HTTP: the address that it was asked from. */
const WHO = String.raw`#!/bin/sh\necho\necho "$REMOTE_ADDR"\n`;
const ANSWER = `mkdir -p /w/cgi-bin; printf '${WHO}' >/w/cgi-bin/who; chmod +x /w/cgi-bin/who; exec httpd -f -p [::]:80 -h /w`;

const LISTENS = "until netstat -ltn | grep -q ':80 '; do usleep 5000; done";

export interface RunningPod {
  readonly pod: SandboxPod;
  readonly sandbox: string;
  readonly container: string;
  readonly addresses: readonly string[];
}

export interface RunPodOptions {
  readonly ports?: readonly PortMapping[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly attempt?: number;
}

/** Runs `shop/NAME` through the CRI; it answers on TCP port 80 when this returns. */
export async function runPod(
  { containerd: { cri } }: PluginMachine,
  name: string,
  options: RunPodOptions = {},
): Promise<RunningPod> {
  const pod: SandboxPod = { namespace: "shop", name, uid: uidOf(name), ...options };
  const sandbox = await cri.runPodSandbox(pod);
  const { addresses } = await cri.podSandboxStatus(sandbox);
  const container = await cri.createContainer(sandbox, pod, {
    name: `main-${options.attempt ?? 0}`,
    command: ["sh", "-c", ANSWER],
  });
  await cri.startContainer(container);
  await cri.exec(container, ["sh", "-c", LISTENS]);
  return { pod, sandbox, container, addresses };
}

/** To be closed. */
export async function networkOf(
  { containerd: { cri } }: PluginMachine,
  { sandbox }: Pick<RunningPod, "sandbox">,
): Promise<NetworkNamespace> {
  const { pid } = await cri.podSandboxStatus(sandbox);
  return NetworkNamespace.open(`/proc/${pid}/ns/net`);
}

export async function removePod(
  { containerd: { cri } }: PluginMachine,
  { sandbox }: Pick<RunningPod, "sandbox">,
): Promise<void> {
  await cri.stopPodSandbox(sandbox);
  await cri.removePodSandbox(sandbox);
}
