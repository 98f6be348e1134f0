import { expect, test } from "bun:test";
import type { Cidr } from "../../model/cidr.ts";
import { FLANNEL_FILE, readFlannel } from "./flannel-file.ts";
import { type PoolConfig, poolsOf } from "./pools-of.ts";
import type { SmallFile } from "./small-file.ts";

const PATH = "/etc/config/calico/ippool.yaml";
const MISSING: SmallFile = { kind: "missing" };

function text(content: string): SmallFile {
  return { kind: "text", text: content, settled: true };
}

function pool(cidr: string, natOutgoing: boolean): string {
  return `apiVersion: v1\nkind: ipPool\nmetadata: { cidr: "${cidr}" }\nspec: { nat-outgoing: ${natOutgoing} }\n---\n`;
}

const NO_SETTINGS: PoolConfig = {
  ipv4Pool: undefined,
  ipv4PoolNatOutgoing: true,
  ipv6Pool: undefined,
  ipv6PoolNatOutgoing: false,
  poolFile: PATH,
};

interface Given {
  readonly config?: Partial<PoolConfig>;
  readonly poolFile?: SmallFile;
  readonly flannelFile?: SmallFile;
}

function found({ config = {}, poolFile = MISSING, flannelFile = MISSING }: Given): {
  pools: string[];
  notices: string[];
} {
  const sources = { config: { ...NO_SETTINGS, ...config }, poolFile, flannelPath: FLANNEL_FILE, flannelFile };
  const { pools, conditions } = poolsOf(sources);
  expect(conditions.every(({ kind }) => kind === "notice")).toBe(true);
  return {
    pools: [...pools.values()].map(({ cidr, natOutgoing }) => `${cidr}${natOutgoing ? " masqueraded" : ""}`),
    notices: conditions.map((condition) => condition.text),
  };
}

const FOUR = { ipv4Pool: "10.244.0.0/16" as Cidr };

test("nothing is said of pools, and nothing is there", () => {
  expect(found({})).toEqual({ pools: [], notices: [] });
});

test("pools of the settings, masqueraded as their twins say", () => {
  const both = { ...FOUR, ipv6Pool: "fd00::/48" as Cidr };
  expect(found({ config: both })).toEqual({ pools: ["10.244.0.0/16 masqueraded", "fd00::/48"], notices: [] });
  const turned = { ...both, ipv4PoolNatOutgoing: false, ipv6PoolNatOutgoing: true };
  expect(found({ config: turned })).toEqual({
    pools: ["10.244.0.0/16", "fd00::/48 masqueraded"],
    notices: [],
  });
});

test("settings and file together; where they differ about one pool the setting counts, and that is told", () => {
  const file = text(pool("10.244.0.0/16", false) + pool("192.168.0.0/16", false));
  expect(found({ config: FOUR, poolFile: file })).toEqual({
    pools: ["10.244.0.0/16 masqueraded", "192.168.0.0/16"],
    notices: [
      `pool 10.244.0.0/16 stands in ${PATH} and in CALICO_IPV4POOL_CIDR, and they differ about masquerading; the setting counts`,
    ],
  });
  expect(found({ config: FOUR, poolFile: text(pool("10.244.0.0/16", true)) }).notices).toEqual([]);
});

test("a file that was asked for and is not there is told; the usual one may be missing", () => {
  expect(found({ config: { poolFile: "/pools.yaml" } }).notices).toEqual([
    "/pools.yaml (TORTIE_IPPOOLFILE) does not exist, so no pool is known from it; mount it there, or correct the setting",
  ]);
});

test("a file that cannot be read, or not all of it", () => {
  const unreadable: SmallFile = { kind: "unreadable", because: "it is no regular file" };
  expect(found({ poolFile: unreadable, config: FOUR })).toEqual({
    pools: ["10.244.0.0/16 masqueraded"],
    notices: [
      `${PATH} (TORTIE_IPPOOLFILE) cannot be read: it is no regular file; no pool of it counts until it can`,
    ],
  });
  expect(found({ poolFile: text(`${pool("10.0.0.0/8", true)}kind: other`) })).toEqual({
    pools: ["10.0.0.0/8 masqueraded"],
    notices: [`${PATH}, document 2, kind: expected ipPool (found "other"); this pool does not count`],
  });
});

function flannelText(lines: Readonly<Record<string, string>>): SmallFile {
  const said = { FLANNEL_SUBNET: "10.244.1.1/24", FLANNEL_MTU: "1450", ...lines };
  return text(
    Object.entries(said)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
}

function leftToFlannel(cidr: string): string {
  return (
    `flannel masquerades what pool ${cidr} sends to outside (FLANNEL_IPMASQ=true in ${FLANNEL_FILE}), so it is left to ` +
    "flannel; start flannel without --ip-masq to have it done here"
  );
}

const SIX = { ipv6Pool: "fd00:1::/48" as Cidr, ipv6PoolNatOutgoing: true };

test("flannel masquerades its own pools, and the others are ours", () => {
  const file = text(pool("10.244.128.0/17", true) + pool("10.0.0.0/8", true) + pool("192.168.0.0/16", true));
  const flannelFile = flannelText({ FLANNEL_NETWORK: "10.244.0.0/16", FLANNEL_IPMASQ: "true" });
  expect(found({ config: { ...FOUR, ...SIX }, poolFile: file, flannelFile })).toEqual({
    pools: [
      "10.244.128.0/17",
      "10.0.0.0/8 masqueraded",
      "192.168.0.0/16 masqueraded",
      "10.244.0.0/16",
      "fd00:1::/48 masqueraded",
    ],
    notices: [leftToFlannel("10.244.128.0/17"), leftToFlannel("10.244.0.0/16")],
  });
});

test("flannel masquerades IPv6, and several networks", () => {
  const flannelFile = flannelText({
    FLANNEL_NETWORK: "10.1.0.0/16,10.244.0.0/16",
    FLANNEL_IPV6_NETWORK: "fd00::/16",
    FLANNEL_IPMASQ: "true",
  });
  expect(found({ config: { ...FOUR, ...SIX }, flannelFile })).toEqual({
    pools: ["10.244.0.0/16", "fd00:1::/48"],
    notices: [leftToFlannel("10.244.0.0/16"), leftToFlannel("fd00:1::/48")],
  });
});

test("what is not masqueraded anyway needs no notice", () => {
  const flannelFile = flannelText({ FLANNEL_NETWORK: "10.244.0.0/16", FLANNEL_IPMASQ: "true" });
  expect(found({ config: { ...FOUR, ipv4PoolNatOutgoing: false }, flannelFile }).notices).toEqual([]);
});

test("flannel without --ip-masq leaves it to us", () => {
  const flannelFile = flannelText({ FLANNEL_NETWORK: "10.244.0.0/16", FLANNEL_IPMASQ: "false" });
  expect(found({ config: FOUR, flannelFile })).toEqual({ pools: ["10.244.0.0/16 masqueraded"], notices: [] });
});

test("what flannel's file says and nobody understands is told", () => {
  const flannelFile = flannelText({ FLANNEL_NETWORK: "10.244/16", FLANNEL_IPMASQ: "yes" });
  expect(found({ config: FOUR, flannelFile })).toEqual({
    pools: ["10.244.0.0/16 masqueraded"],
    notices: [
      `${FLANNEL_FILE} says FLANNEL_NETWORK=10.244/16, which is no block of addresses; it means nothing here`,
      `${FLANNEL_FILE} says FLANNEL_IPMASQ=yes, which is neither true nor false; it means nothing here`,
    ],
  });
  const unreadable: SmallFile = { kind: "unreadable", because: "EACCES: permission denied" };
  expect(found({ config: FOUR, flannelFile: unreadable })).toEqual({
    pools: ["10.244.0.0/16 masqueraded"],
    notices: [
      `${FLANNEL_FILE} cannot be read: EACCES: permission denied; if flannel masquerades, packets are masqueraded by both`,
    ],
  });
});

test.each([
  "",
  "\n\n",
  "garbage",
  "=",
  "FLANNEL_NETWORK",
  "FLANNEL_NETWORK=\nFLANNEL_IPMASQ=false\r\n",
  "# FLANNEL_IPMASQ=true",
])("flannel's file may say nothing: %j", (content) => {
  expect(readFlannel(content)).toEqual({ networks: [], masquerades: false, strange: [] });
});
