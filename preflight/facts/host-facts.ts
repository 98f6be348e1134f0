import { readFileSync } from "node:fs";
import { join } from "node:path";
import { flannelMtu, linkMtu, podMtu } from "../../dataplane/link/mtu.ts";
import { readElf } from "../../install/elf.ts";
import { missingLibrary } from "../../install/host-libraries.ts";
import type { Cidr } from "../../model/cidr.ts";
import type { ForwardingFacts } from "../checks/forwarding.ts";
import type { MtuFacts } from "../checks/mtu.ts";
import { type Known, look, unknown } from "../known.ts";
import type { HostFiles } from "./cni-files.ts";
import type { NetworkFacts } from "./kernel-facts.ts";

function isOn(path: string): Known<boolean> {
  return look(() => readFileSync(path, "utf8").trim() !== "0");
}

/** Of the network namespace that this runs in. */
export function readForwarding(): ForwardingFacts {
  return {
    ipv4: isOn("/proc/sys/net/ipv4/ip_forward"),
    ipv6: isOn("/proc/sys/net/ipv6/conf/all/forwarding"),
  };
}

/** `executable`: the one that a runtime would start on the host; undefined: it runs from source. */
export function readMissingLibrary(
  executable: string | undefined,
  { root, whole }: HostFiles,
): Known<string | undefined> {
  if (executable === undefined) return unknown("it runs from source, so there is no executable to look at");
  if (!whole)
    return unknown(
      `the host's files are not mounted at ${root}; mount its / there, or name it with --host-root`,
    );
  return look(() => {
    const needs = readElf(executable);
    if (needs === undefined) throw new Error(`${executable} is no executable for 64-bit Linux`);
    return missingLibrary(needs, root);
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

export interface MtuQuestion {
  /** CNI_MTU; undefined: found out. */
  readonly fixed: number | undefined;
  readonly flannelFile: string;
  /** Of this node. */
  readonly podCidrs: readonly Cidr[];
}

export function readMtu(network: Known<NetworkFacts>, question: MtuQuestion): Known<MtuFacts> {
  if (!network.known) return network;
  const { routes, links } = network.value;
  const { fixed, flannelFile, podCidrs } = question;
  const found = linkMtu({ routes, link: (index) => links.get(index), podCidrs });
  const flannel = flannelMtu(readText(flannelFile));
  const carried = podMtu({ fixed: undefined, flannel, links: found, kept: undefined });
  return { known: true, value: { fixed, carried } };
}

/** What the host calls itself, for people who look at several reports. */
export function readRelease(root = "/"): string {
  return readText(join(root, "proc/sys/kernel/osrelease")).trim();
}
