import { afterAll, expect, test } from "bun:test";
import { takeOver } from "../../install/takeover.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { nftOrThrow } from "./nft-command.ts";

const cleanup = new DisposableStack();
afterAll(() => cleanup.dispose());

/** As `iptables-nft` and Felix make them, beside what others have there. */
const CALICO = `
add table ip calico
add map ip calico cali-from-wl-dispatch { type ifname : verdict; }
add chain ip calico filter-FORWARD { type filter hook forward priority 0; }
add rule ip calico filter-FORWARD iifname vmap @cali-from-wl-dispatch
add table ip6 calico
add chain ip6 calico filter-FORWARD { type filter hook forward priority 0; }
add table arp calico
add table ip filter
add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }
add chain ip filter KUBE-FORWARD
add chain ip filter cali-FORWARD
add chain ip filter cali-cidr-block
add chain ip filter felix-to-1234
add rule ip filter FORWARD counter jump cali-FORWARD comment "cali:wUHhoiAYhphO9Mso"
add rule ip filter FORWARD counter jump KUBE-FORWARD
add rule ip filter FORWARD meta mark and 0x10000 == 0x10000 counter accept comment "cali:S93hcgKJrXEqnTfs"
add rule ip filter FORWARD ip saddr 10.0.0.0/8 accept comment "mine, not cali:"
add rule ip filter KUBE-FORWARD goto felix-to-1234
add rule ip filter cali-FORWARD jump cali-cidr-block
add rule ip filter cali-FORWARD iifname "cali*" jump felix-to-1234
add rule ip filter felix-to-1234 drop
add table ip6 raw
add chain ip6 raw PREROUTING { type filter hook prerouting priority -300; }
add chain ip6 raw cali-PREROUTING
add rule ip6 raw PREROUTING jump cali-PREROUTING
add table ip mangle
add chain ip mangle FORWARD { type filter hook forward priority -150; }
add table ip another
add chain ip another cali-x
add table inet filter
add chain inet filter cali-FORWARD
`;

function makeNode(): NetworkNamespace {
  const node = cleanup.use(NetworkNamespace.create());
  nftOrThrow(node, ["-f", "-"], CALICO);
  return node;
}

function run(
  node: NetworkNamespace,
  options: { readonly takeover?: boolean; readonly unprotected?: boolean } = {},
): { readonly code: number; readonly said: readonly string[]; readonly warned: readonly string[] } {
  const said: string[] = [];
  const warned: string[] = [];
  const code = node.run(() =>
    takeOver({
      takeover: false,
      unprotected: false,
      ...options,
      say: (line) => void said.push(line),
      warn: (line) => void warned.push(line),
    }),
  );
  return { code, said, warned };
}

function list(node: NetworkNamespace): string {
  return nftOrThrow(node, ["list", "ruleset"]);
}

const TRACES = [
  "nftables table ip calico",
  "nftables table ip6 calico",
  "nftables table arp calico",
  "3 chains (cali-*, felix-*) and 3 rules in other chains of nftables table ip filter, which is iptables'",
  "1 chain (cali-*, felix-*) and 1 rule in other chains of nftables table ip6 raw, which is iptables'",
];
const INTERFACES =
  "Interfaces and routes of running pods stay: the agent knows the interfaces by their names.";

test("without --takeover Calico's rules are named, with the consequence, and stay", () => {
  const node = makeNode();
  const before = list(node);
  expect(run(node)).toEqual({
    code: 0,
    said: [
      ...TRACES.map((what) => `Calico's: ${what}`),
      "Its rules and tortie's veto each other: a packet must please both, and the agent is not ready while they are here.",
      "Delete Calico's DaemonSet, then run tortie install --takeover, which removes them.",
      INTERFACES,
    ],
    warned: [],
  });
  expect(list(node)).toBe(before);
});

test("they stay while the agent's rules are not in the kernel, unless pods may be open", () => {
  const node = makeNode();
  const before = list(node);
  expect(run(node, { takeover: true })).toEqual({
    code: 1,
    said: [],
    warned: [
      "Calico's rules stay, for the agent's are not in the kernel yet and pods would be open: run it again once the agent " +
        "enforces, or give --unprotected",
    ],
  });
  // A table alone enforces nothing.
  nftOrThrow(node, ["add table inet tortie; add chain inet tortie hook-egress"]);
  expect(run(node, { takeover: true }).code).toBe(1);
  nftOrThrow(node, ["delete table inet tortie"]);
  expect(list(node)).toBe(before);
  expect(run(node, { takeover: true, unprotected: true }).code).toBe(0);
});

test("--takeover removes them and nothing else, and may be run again", () => {
  const node = makeNode();
  nftOrThrow(node, [
    "add table inet tortie; add chain inet tortie hook-egress; add rule inet tortie hook-egress accept",
  ]);
  expect(run(node, { takeover: true })).toEqual({
    code: 0,
    said: [...TRACES.map((what) => `Removed ${what}`), INTERFACES],
    warned: [],
  });
  const left = list(node);
  expect(left.replaceAll(/(?<=inet filter \{\n\tchain |ip another \{\n\tchain )cali/g, "")).not.toContain(
    "cali-",
  );
  expect(left).not.toContain("felix-");
  for (const kept of [
    "KUBE-FORWARD",
    "policy drop",
    "mine, not cali:",
    "table ip mangle",
    "table ip another",
    "tortie",
  ])
    expect(left).toContain(kept);
  expect(run(node, { takeover: true })).toEqual({
    code: 0,
    said: ["Calico has left no rules on this node."],
    warned: [],
  });
  expect(run(node)).toEqual({ code: 0, said: [], warned: [] });
});

test("what cannot be removed is told, and the rest goes on", () => {
  const node = makeNode();
  // Somebody's map leads to one of its chains.
  nftOrThrow(node, [
    "add map ip filter x { type ifname : verdict ; }; add element ip filter x { eth0 : jump cali-FORWARD }",
  ]);
  const { code, said, warned } = run(node, { takeover: true, unprotected: true });
  expect(code).toBe(1);
  expect(warned).toEqual([
    "could not delete Calico's chains of nftables table ip filter: Device or resource busy (EBUSY)",
  ]);
  expect(said).toContain("Removed nftables table arp calico");
  expect(list(node)).toContain("jump cali-FORWARD");
});

test("who may not look is told so where the rules were to go, and nothing where only the file was", () => {
  const script = `import { takeOver } from "${import.meta.dir}/../../install/takeover.ts";
    const say = (line) => process.stdout.write(line + "\\n");
    for (const takeover of [false, true]) say(String(takeOver({ takeover, unprotected: false, say, warn: say })));`;
  const child = Bun.spawnSync([
    "setpriv",
    "--bounding-set=-all",
    "--inh-caps=-all",
    "--",
    process.execPath,
    "-e",
    script,
  ]);
  const why =
    "not looked for Calico's rules: could not look for table ip calico: Operation not permitted (EPERM)";
  expect(child.stdout.toString().split("\n")).toEqual([
    "0",
    `${why}; run it as root, in the network namespace of the host`,
    "1",
    "",
  ]);
});
