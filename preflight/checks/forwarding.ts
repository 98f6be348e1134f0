import type { Family } from "../../model/address.ts";
import { failed, type Finding, notKnown, ok } from "../finding.ts";
import type { Known } from "../known.ts";

const CHECK = "forwarding";
const SYSCTLS: Readonly<Record<Family, string>> = {
  4: "net.ipv4.ip_forward",
  6: "net.ipv6.conf.all.forwarding",
};

export interface ForwardingFacts {
  readonly ipv4: Known<boolean>;
  readonly ipv6: Known<boolean>;
}

/** `families`: those that pods have addresses of. */
export function checkForwarding({ ipv4, ipv6 }: ForwardingFacts, families: readonly Family[]): Finding {
  const off: string[] = [];
  for (const family of families) {
    const on = family === 4 ? ipv4 : ipv6;
    if (!on.known) return notKnown(CHECK, on.because);
    if (!on.value) off.push(SYSCTLS[family]);
  }
  const names = families.map((family) => `IPv${family}`).join(" and ");
  if (off.length === 0) return ok(CHECK, `${names} packets are forwarded`);
  return failed(
    CHECK,
    `${off.join(" and ")} ${off.length === 1 ? "is" : "are"} 0: no packet leaves a pod for another one`,
    `${off.map((name) => `sysctl -w ${name}=1`).join("; ")}; and say so in /etc/sysctl.d`,
  );
}
