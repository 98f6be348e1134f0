import type { NftDataplaneOptions } from "../../dataplane/nft/driver.ts";
import { SCTP, UDP } from "../../model/protocol.ts";
import type { Ruleset } from "../../model/ruleset.ts";
import {
  addressSet,
  BY_ADDRESS,
  EVERYONE,
  from,
  onInterface,
  pod,
  ports,
  program,
  ruleset,
  serviceSet,
  throughBridge,
} from "./ruleset-builder.ts";

export interface GoldenCase {
  readonly name: string;
  readonly ruleset: Ruleset;
  readonly options: Partial<NftDataplaneOptions>;
}

const web = ["10.1.0.10", "fd00::10"];
const client = ["10.1.0.11", "fd00::11"];
const clients = addressSet({ title: "namespace 'x': app == 'client'", pods: client });
const monitors = addressSet({ title: "namespace 'ops': all()", pods: ["10.1.0.30", "10.1.0.31"] });
const office = addressSet({
  title: "10.0.0.0/8 except 10.1.0.0/16, 10.255.255.0/24 or fd00:f::/32",
  blocks: ["10.0.0.0/8", "fd00:f::/32"],
  except: ["10.1.0.0/16", "10.255.255.0/24"],
});
const anywhere = addressSet({ title: "0.0.0.0/0 or ::/0", blocks: ["0.0.0.0/0", "::/0"] });
const mixed = addressSet({
  title: "192.0.2.0/24 or namespace 'x': all()",
  pods: [...web, ...client],
  blocks: ["192.0.2.0/24"],
});

const denyIn = program("ingress", "x/default-deny");
const denyOut = program("egress", "x/default-deny");
const webIn = program("ingress", "x/allow-web, x/default-deny", {
  segments: [ports(80, from(clients)), ports(443, EVERYONE), ports(53, from(monitors), { protocol: UDP })],
});
const rangesIn = program("ingress", "x/allow-ranges", {
  segments: [
    ports(80, from(clients)),
    ports(8000, from(monitors), { last: 8999 }),
    ports(0, EVERYONE, { last: 65_535, protocol: SCTP }),
  ],
});
/** More of them than a chain of rules tells apart: a map does, of ports here and of ranges there. */
const manyPorts = [...webIn.stages.flatMap(({ segments }) => segments), ports(8080, from(clients))];
const manyIn = program("ingress", "x/allow-many", { segments: manyPorts });
const manyRangesIn = program("ingress", "x/allow-many-ranges", {
  segments: [...manyPorts, ports(9000, from(monitors), { last: 9010 })],
});
const officeOut = program("egress", "x/allow-office", {
  anyPort: from(office),
  segments: [ports(53, EVERYONE, { protocol: UDP }), ports(443, from(anywhere), { last: 444 })],
});
const everyoneIn = program("ingress", "x/allow-all", { anyPort: EVERYONE });
const named = serviceSet("port http (TCP) of namespace 'x': all()", [
  ["10.1.0.10", 8080],
  ["10.1.0.12", 80],
  ["fd00::10", 8080],
]);
const namedOut = program("egress", "x/allow-http", { services: named, segments: [ports(22, from(mixed))] });

const twoPods = [pod("x/web", web, { ingress: webIn }), pod("x/client", client, { egress: denyOut })];
const ordinary = ruleset({
  endpoints: twoPods,
  programs: [webIn, denyOut],
  addressSets: [clients, monitors],
});

const podRanges = ["10.1.0.0/24", "10.1.2.0/24", "10.1.3.0/25", "fd00::/64"];
/** One pod on a veth pair of another CNI, one on its bridge, one of our own. */
const wiredByOthers = [
  pod("x/web", web, { ingress: webIn, attachment: onInterface("veth1a2b3c4d") }),
  pod("x/client", client, { egress: denyOut, attachment: throughBridge("cni0") }),
  pod("x/own", ["10.1.0.12"]),
];

const rulesets: Record<string, Ruleset> = {
  "nothing-on-this-node": ruleset({}),
  "no-policy": ruleset({ endpoints: [pod("x/web", web), pod("x/client", client)] }),
  "default-deny": ruleset({
    endpoints: [pod("x/web", web, { ingress: denyIn, egress: denyOut })],
    programs: [denyIn, denyOut],
  }),
  ports: ordinary,
  "port-ranges": ruleset({
    endpoints: [pod("x/web", web, { ingress: rangesIn })],
    programs: [rangesIn],
    addressSets: [clients, monitors],
  }),
  "many-ports": ruleset({
    endpoints: [pod("x/web", web, { ingress: manyIn }), pod("x/client", client, { ingress: manyRangesIn })],
    programs: [manyIn, manyRangesIn],
    addressSets: [clients, monitors],
  }),
  "named-ports": ruleset({
    endpoints: [pod("x/client", client, { egress: namedOut })],
    programs: [namedOut],
    addressSets: [mixed],
    serviceSets: [named],
  }),
  "ip-blocks": ruleset({
    endpoints: [pod("x/client", client, { egress: officeOut })],
    programs: [officeOut],
    addressSets: [office, anywhere],
  }),
  everyone: ruleset({ endpoints: [pod("x/web", web, { ingress: everyoneIn })], programs: [everyoneIn] }),
  "shared-programs": ruleset({
    endpoints: ["a", "b", "c"].map((name, at) =>
      pod(`x/${name}`, [`10.1.0.${40 + at}`], { ingress: webIn, egress: denyOut }),
    ),
    programs: [webIn, denyOut],
    addressSets: [clients, monitors],
  }),
  "attached-by-address": ruleset({
    endpoints: [
      pod("x/web", web, { ingress: webIn, egress: denyOut, attachment: BY_ADDRESS }),
      pod("x/client", client),
    ],
    programs: [webIn, denyOut],
    addressSets: [clients, monitors],
  }),
};

const besideOthers = ruleset({
  endpoints: wiredByOthers,
  programs: [webIn, denyOut],
  addressSets: [clients, monitors],
  podRanges,
});

export const GOLDEN_CASES: readonly GoldenCase[] = [
  ...Object.entries(rulesets).map(([name, one]) => ({ name, ruleset: one, options: { graceMilliseconds: 0 } })),
  { name: "endpoint-to-host-drop", ruleset: ordinary, options: { graceMilliseconds: 0, endpointToHost: "drop" } },
  {
    name: "foreign-interfaces",
    ruleset: { ...besideOthers, podRanges: [] },
    options: { graceMilliseconds: 0, foreignInterfaces: true },
  },
  {
    name: "closed-ranges",
    ruleset: ruleset({ endpoints: twoPods, programs: [webIn, denyOut], addressSets: [clients, monitors], podRanges }),
    options: { graceMilliseconds: 0 },
  },
  {
    name: "masquerade",
    ruleset: ruleset({
      endpoints: twoPods,
      programs: [webIn, denyOut],
      addressSets: [clients, monitors],
      pools: { "10.0.0.0/9": true, "10.128.0.0/16": true, "10.200.0.0/16": false, "fd00::/48": true },
    }),
    options: { graceMilliseconds: 0 },
  },
  {
    name: "unknown-endpoint-accept",
    ruleset: besideOthers,
    options: { graceMilliseconds: 0, foreignInterfaces: true, unknownEndpoint: "accept" },
  },
  {
    name: "beside-another-cni",
    ruleset: besideOthers,
    options: { graceMilliseconds: 1_000, foreignInterfaces: true, unknownEndpoint: "drop" },
  },
  { name: "first-boot-grace", ruleset: rulesets["named-ports"] ?? ordinary, options: { graceMilliseconds: 1_000 } },
  {
    name: "lenient-with-connections",
    ruleset: ordinary,
    options: { graceMilliseconds: 0, dropInvalid: false, dropMidStream: false },
  },
];
