import { failed, type Finding, notKnown, ok } from "../finding.ts";
import type { Known } from "../known.ts";

const CHECK = "kube-proxy";

export function checkKubeProxy(kubeIpvs0: Known<boolean>): Finding {
  if (!kubeIpvs0.known) return notKnown(CHECK, kubeIpvs0.because);
  if (!kubeIpvs0.value) return ok(CHECK, "not in IPVS mode");
  return failed(
    CHECK,
    "in IPVS mode, or once was (interface kube-ipvs0): packets to Services pass by the policies of the pods that receive them",
    "run it in nftables or iptables mode, then ip link delete kube-ipvs0",
  );
}
