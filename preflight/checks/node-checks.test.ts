import { expect, test } from "bun:test";
import { ABILITIES } from "../../dataplane/preflight/abilities.ts";
import { readConfig } from "../../agent/settings/config.ts";
import type { Finding, FindingStatus } from "../finding.ts";
import { known, unknown } from "../known.ts";
import { checkCalicoRules, checkEnforcers } from "./enforcers.ts";
import { checkForwarding } from "./forwarding.ts";
import { checkHostLibrary } from "./host-library.ts";
import { checkJit } from "./jit.ts";
import { checkKernel } from "./kernel.ts";
import { checkKubeProxy } from "./kube-proxy.ts";
import { checkMtu } from "./mtu.ts";
import { judgeSettings } from "./settings.ts";

const ALL = { noTables: undefined, ownedTables: true, lacking: [] } as const;
const MASQUERADE = { ...ALL, lacking: [ABILITIES.masquerade] };
const HIDDEN = unknown("EPERM");
const UPLINK = { mtu: 1450, from: "flannel.1" };

const ROWS: readonly (readonly [what: string, finding: Finding, status: FindingStatus, words: RegExp])[] = [
  [
    "a kernel with everything",
    checkKernel("6.9", known(ALL), true),
    "ok",
    /^Linux 6\.9: its nftables has what/,
  ],
  [
    "a kernel without owned tables",
    checkKernel("6.1", known({ ...ALL, ownedTables: false }), true),
    "warning",
    /others can change the rules.* -> boot Linux 6\.9/,
  ],
  [
    "a kernel without nftables",
    checkKernel("4.4", known({ ...ALL, noTables: "EOPNOTSUPP" }), true),
    "failed",
    /^Linux 4\.4 has no nftables \(EOPNOTSUPP\) -> load the module nf_tables/,
  ],
  [
    "a kernel without connection tracking",
    checkKernel("6.9", known({ ...ALL, lacking: [ABILITIES.connections] }), false),
    "failed",
    /refuses connection tracking/,
  ],
  [
    "masquerade that is asked for",
    checkKernel("6.9", known(MASQUERADE), true),
    "failed",
    /refuses masquerade/,
  ],
  ["masquerade that nobody needs", checkKernel("6.9", known(MASQUERADE), false), "ok", /no pool asks for it/],
  ["a kernel that may not be asked", checkKernel("6.9", HIDDEN, true), "not known", /^Linux 6\.9; EPERM$/],

  ["JIT", checkJit(known({})), "ok", /^memory may be made executable/],
  [
    "no JIT",
    checkJit(unknown("bun:ffi requires the JIT")),
    "failed",
    /no agent can work here -> take away MemoryDenyWriteExecute=yes/,
  ],
  ["a library that is missing", checkJit(unknown("no libc.so.6")), "not known", /^no libc\.so\.6$/],

  ["no Calico", checkCalicoRules(known([])), "ok", /left none/],
  [
    "Calico's rules",
    checkCalicoRules(known(["nftables table ip calico"])),
    "failed",
    /^found nftables table ip calico: .* -> stop calico-node; .* tortie install --takeover/,
  ],
  ["Calico that may not be looked for", checkCalicoRules(HIDDEN), "not known", /^EPERM$/],

  ["no IPVS", checkKubeProxy(known(false)), "ok", /not in IPVS mode/],
  [
    "IPVS",
    checkKubeProxy(known(true)),
    "failed",
    /interface kube-ipvs0.* -> run it in nftables or iptables mode/,
  ],

  [
    "forwarding of both families",
    checkForwarding({ ipv4: known(true), ipv6: known(true) }, [4, 6]),
    "ok",
    /^IPv4 and IPv6 packets are forwarded$/,
  ],
  [
    "IPv6 forwarding that nobody needs",
    checkForwarding({ ipv4: known(true), ipv6: known(false) }, [4]),
    "ok",
    /^IPv4 packets are forwarded$/,
  ],
  [
    "no forwarding",
    checkForwarding({ ipv4: known(false), ipv6: known(false) }, [4, 6]),
    "failed",
    /are 0: .* -> sysctl -w net\.ipv4\.ip_forward=1; sysctl -w net\.ipv6\.conf\.all\.forwarding=1;/,
  ],
  ["unreadable forwarding", checkForwarding({ ipv4: HIDDEN, ipv6: HIDDEN }, [4]), "not known", /EPERM/],

  ["a host with glibc", checkHostLibrary(known(undefined)), "ok", /glibc/],
  [
    "a host with musl",
    checkHostLibrary(known("the host has no glibc")),
    "failed",
    /^the host has no glibc -> use/,
  ],
  ["a host that is not mounted", checkHostLibrary(unknown("not mounted")), "not known", /^not mounted$/],

  [
    "an MTU that is found out",
    checkMtu(known({ fixed: undefined, carried: UPLINK })),
    "ok",
    /get 1450 \(flannel\.1\)/,
  ],
  [
    "a small MTU",
    checkMtu(known({ fixed: 1400, carried: UPLINK })),
    "ok",
    /^CNI_MTU is 1400; flannel\.1 carries 1450/,
  ],
  [
    "a large MTU",
    checkMtu(known({ fixed: 1500, carried: UPLINK })),
    "warning",
    /cut up, or lost -> set CNI_MTU .* 1450/,
  ],
];

function said({ found, mend }: Finding): string {
  return mend === undefined ? found : `${found} -> ${mend}`;
}

test.each(ROWS)("%s", (_, finding, status, words) => {
  expect(finding.status).toBe(status);
  expect(said(finding)).toMatch(words);
});

test("each other enforcer is a failure of its own, with its first traces; Calico's have their own check", () => {
  const calico = { enforcer: "Calico", trace: "nftables table ip calico" };
  const cilium = ["a", "b", "c", "d"].map((trace) => ({ enforcer: "Cilium", trace }));
  const findings = checkEnforcers(known([calico, ...cilium, { enforcer: "kindnet", trace: "table" }]));
  expect(findings.map(({ status }) => status)).toEqual(["failed", "failed"]);
  expect(findings[0]?.found).toContain("Cilium enforces policies here, or left traces (a, b, c and 1 more)");
  expect(checkEnforcers(known([calico]))).toMatchObject([{ status: "ok" }]);
  expect(checkEnforcers(HIDDEN)).toMatchObject([{ status: "not known", found: "EPERM" }]);
});

test("the settings tell who wires the pods, whether an agent runs, and what means nothing", () => {
  const read = readConfig({ CALICO_MANAGE_CNI: "false" });
  expect(judgeSettings(read, known(true))).toMatchObject({
    status: "ok",
    found: "datastore file; pods wired by another plugin (CALICO_MANAGE_CNI=false); an agent runs",
  });
  const strange = judgeSettings(readConfig({ FELIX_HEALTHPROT: "1" }), HIDDEN);
  expect(strange.status).toBe("warning");
  expect(strange.found).toContain("without meaning: FELIX_HEALTHPROT");
});
