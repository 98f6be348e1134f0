import { release } from "node:os";
import { judgeSettings } from "./checks/settings.ts";
import { checkCniConfiguration } from "./checks/cni-configuration.ts";
import { checkCniDirectories } from "./checks/cni-directories.ts";
import { checkCalicoRules, checkEnforcers } from "./checks/enforcers.ts";
import { checkForwarding } from "./checks/forwarding.ts";
import { checkHostLibrary } from "./checks/host-library.ts";
import { checkJit } from "./checks/jit.ts";
import { checkKernel } from "./checks/kernel.ts";
import { checkKubeProxy } from "./checks/kube-proxy.ts";
import { checkMtu } from "./checks/mtu.ts";
import { FLANNEL_FILE } from "../agent/host/flannel-file.ts";
import type { Cidr } from "../model/cidr.ts";
import { cidrFamily } from "../model/cidr.ts";
import type { ReadConfig } from "../agent/settings/config.ts";
import { type HostFiles, readCniFiles } from "./facts/cni-files.ts";
import { readForwarding, readMissingLibrary, readMtu } from "./facts/host-facts.ts";
import type { KernelFacts } from "./facts/kernel-facts.ts";
import type { Finding } from "./finding.ts";
import { type Known, look } from "./known.ts";

export interface NodeQuestion {
  readonly read: ReadConfig;
  readonly host: HostFiles;
  /** Not known: the parts that speak to the kernel could not be loaded. */
  readonly kernel: Known<KernelFacts>;
  readonly executable: string | undefined;
  /** Of this node; empty where they are not known. */
  readonly podCidrs: readonly Cidr[];
  readonly masquerades: boolean;
}

/** A part of the kernel's facts; where there are none at all, the reason stands at each. */
function part<Value>(kernel: Known<KernelFacts>, of: (facts: KernelFacts) => Known<Value>): Known<Value> {
  return kernel.known ? of(kernel.value) : { known: false, because: "see JIT" };
}

/** The checks of this machine, in the order in which they are told. */
export function checkThisNode(question: NodeQuestion): Finding[] {
  const { read, host, kernel, executable, podCidrs, masquerades } = question;
  const { config } = read;
  const { manageCni, cniMtu, cniNetDirectory, cniConfigName = "10-calico.conflist" } = config;
  const network = part(kernel, (facts) => facts.network);
  const families = podCidrs.length === 0 ? ([4] as const) : [...new Set(podCidrs.map(cidrFamily))];
  const files = look(() => readCniFiles(host));
  return [
    judgeSettings(
      read,
      part(kernel, (facts) => facts.livingAgent),
    ),
    checkJit(kernel),
    checkKernel(
      release(),
      part(kernel, (facts) => facts.abilities),
      masquerades,
    ),
    ...(manageCni ? [checkHostLibrary(readMissingLibrary(executable, host))] : []),
    checkForwarding(readForwarding(), families),
    ...checkEnforcers(part(kernel, (facts) => facts.traces)),
    checkCalicoRules(part(kernel, (facts) => facts.calico)),
    checkKubeProxy(part(kernel, (facts) => facts.kubeIpvs0)),
    ...(manageCni ? checkCniDirectories(files, cniNetDirectory) : []),
    ...checkCniConfiguration(files, { manageCni, ownName: cniConfigName }),
    ...(manageCni
      ? [checkMtu(readMtu(network, { fixed: cniMtu || undefined, flannelFile: FLANNEL_FILE, podCidrs }))]
      : []),
  ];
}
