import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Cidr, cidrFamily, parseCidr } from "../model/cidr.ts";
import { testSeed } from "../test/worlds/seed.ts";
import { IpamError } from "./ipam-error.ts";
import { needsPodCidrs, replacePodCidrs, replaceUnknownPodCidrs } from "./pod-cidr.ts";

const FOUR = "10.65.0.0/24" as unknown as Cidr;
const SIX = "fd00:65::/64" as unknown as Cidr;
const type = "host-local";

function replaced(ipam: object, ...podCidrs: Cidr[]): unknown {
  return replacePodCidrs({ type, ...ipam }, { name: "n1", podCidrs })["ranges"];
}

function failure(work: () => unknown): [string, string] {
  try {
    work();
  } catch (error) {
    if (error instanceof IpamError) return [error.kind, error.message];
    throw error;
  }
  return ["none", ""];
}

const four = [{ subnet: FOUR }];
const six = [{ subnet: SIX }];

test.each(["usePodCidr", "usepodcidr", "USEPODCIDR"])("subnet: %s is all that the node has", (subnet) => {
  expect(needsPodCidrs({ type, subnet })).toBe(true);
  expect(replaced({ subnet }, FOUR)).toEqual([four]);
  expect(replaced({ subnet }, SIX)).toEqual([six]);
  expect(replaced({ subnet }, FOUR, SIX)).toEqual([four, six]);
});

test("in ranges each word stands for its family", () => {
  const both = [[{ subnet: "usePodCidr" }], [{ subnet: "usePodCidrIPv6" }]];
  expect(needsPodCidrs({ type, ranges: both })).toBe(true);
  expect(replaced({ ranges: both }, SIX, FOUR)).toEqual([four, six]);
  expect(replaced({ ranges: both.slice(0, 1) }, FOUR, SIX)).toEqual([four]);
  expect(replaced({ ranges: both.slice(0, 1) }, SIX)).toEqual([six]);
  expect(replaced({ subnet: "usePodCidrIPv6" }, FOUR, SIX)).toEqual([six]);
});

test("what names its own blocks needs nothing of the node and stays as it is", () => {
  const ranges = [[{ subnet: "10.1.0.0/24", rangeStart: "10.1.0.9" }, { subnet: "10.2.0.0/24" }]];
  expect(needsPodCidrs({ type, ranges })).toBe(false);
  expect(replaced({ ranges })).toEqual(ranges);
  expect(replaced({ subnet: "10.1.0.0/24", gateway: "10.1.0.7" })).toEqual([
    [{ subnet: "10.1.0.0/24", gateway: "10.1.0.7" }],
  ]);
});

test("everything else of ipam goes on to host-local", () => {
  const others = { dataDir: "/leases", routes: [{ dst: "0.0.0.0/0" }], resolvConf: "/etc/resolv.conf" };
  const made = replacePodCidrs(
    { type, subnet: "usePodCidr", assign_ipv4: "true", ...others },
    { name: "n1", podCidrs: [FOUR] },
  );
  expect(made).toEqual({ type, ...others, ranges: [four] });
});

test("what stands beside subnet stays with the range of its family", () => {
  const ipam = { subnet: "usePodCidr", rangeStart: "10.65.0.20", gateway: "fd00:65::9" };
  expect(replaced(ipam, FOUR, SIX)).toEqual([
    [{ subnet: FOUR, rangeStart: "10.65.0.20" }],
    [{ subnet: SIX, gateway: "fd00:65::9" }],
  ]);
});

test("assign_ipv4 and assign_ipv6 leave a family out, or demand it", () => {
  const subnet = "usePodCidr";
  expect(replaced({ subnet, assign_ipv6: "false" }, FOUR, SIX)).toEqual([four]);
  expect(replaced({ subnet, assign_ipv4: false }, FOUR, SIX)).toEqual([six]);
  expect(replaced({ subnet, assign_ipv4: "true", assign_ipv6: "true" }, FOUR, SIX)).toEqual([four, six]);
  const ranges = [[{ subnet }], [{ subnet: "usePodCidrIPv6" }]];
  expect(replaced({ ranges, assign_ipv6: "false" }, FOUR)).toEqual([four]);
});

const NEXT =
  "run the controller manager with --allocate-node-cidrs=true and --cluster-cidr, or set spec.podCIDRs of the node; without either, give ipam a subnet of its own";
const TRIED = "could not replace usePodCidr by the node's pod ranges";

test.each([
  ["no range at all", { subnet: "usePodCidr" }, [], 'node "n1" has no pod range'],
  [
    "no IPv6",
    { ranges: [[{ subnet: "usePodCidrIPv6" }]] },
    [FOUR],
    `node "n1" has no IPv6 pod range (it has ${FOUR})`,
  ],
  [
    "no IPv4",
    { ranges: [[{ subnet: "usePodCidr" }], [{ subnet: "usePodCidrIPv6" }]] },
    [SIX],
    `node "n1" has no IPv4 pod range (it has ${SIX})`,
  ],
  [
    "an IPv6 that is demanded",
    { subnet: "usePodCidr", assign_ipv6: "true" },
    [FOUR],
    `node "n1" has no IPv6 pod range (it has ${FOUR})`,
  ],
])("a node with %s is told as that", (_, ipam, podCidrs, found) => {
  expect(failure(() => replaced(ipam, ...podCidrs))).toEqual([
    "noPodCidr",
    `${TRIED}: ${found}; next: ${NEXT}`,
  ]);
});

const MEND = "mend it in the network's configuration";
const AGREE =
  'set subnet to "usePodCidr" or to a block, and see that assign_ipv4 and assign_ipv6 agree with the ranges';
const OURS = 'set ipam to { "type": "host-local", "subnet": "usePodCidr" }';

test.each([
  [
    { type: "calico-ipam" },
    "unsupported",
    `ipam.type is "calico-ipam", and only "host-local" is supported; next: ${OURS}`,
  ],
  [{}, "unsupported", `ipam.type is missing, and only "host-local" is supported; next: ${OURS}`],
  [
    5,
    "invalid",
    `ipam is 5; expected an object such as { type: host-local, subnet: usePodCidr }; next: ${MEND}`,
  ],
  [{ type, subnet: 5 }, "invalid", `ipam.subnet is 5; expected text: a block, or usePodCidr; next: ${MEND}`],
  [
    { type, ranges: [{ subnet: "usePodCidr" }] },
    "invalid",
    `ipam.ranges.0 is {"subnet":"usePodCidr"}; expected a list of ranges; next: ${MEND}`,
  ],
  [
    { type, subnet: "usePodCidr", assign_ipv4: "yes" },
    "invalid",
    `ipam.assign_ipv4 is "yes"; expected "true" or "false"; next: ${MEND}`,
  ],
  [
    { type, subnet: "usePodCidr", assign_ipv4: "false" },
    "invalid",
    `no range is left to lease addresses from; next: ${AGREE}`,
  ],
  [
    { type, subnet: "10.0.0.0/24", assign_ipv6: true },
    "invalid",
    `assign_ipv6 is true, and there is no IPv6 range; next: ${AGREE}`,
  ],
])("%j is refused", (ipam, kind, rest) => {
  expect(failure(() => replacePodCidrs(ipam, { name: "n1", podCidrs: [FOUR] }))).toEqual([
    kind,
    `could not read the network's ipam: ${rest}`,
  ]);
});

test("without the node's ranges both families get one that serves to free leases", () => {
  const ipam = { type, subnet: "usePodCidr", rangeStart: "10.65.0.5", dataDir: "/leases" };
  expect(replaceUnknownPodCidrs(ipam)).toEqual({
    type,
    dataDir: "/leases",
    ranges: [[{ subnet: "0.0.0.0/0" }], [{ subnet: "::/0" }]],
  });
});

test("whatever is asked for, each set is of one family and no word is left, or there is an error", () => {
  const subnet = fc.constantFrom("usePodCidr", "usePodCidrIPv6", "10.9.0.0/24", "fd09::/64");
  const choice = fc.constantFrom(undefined, "true", "false", true, false);
  const given = fc.record({
    subnet: fc.option(subnet, { nil: undefined }),
    ranges: fc.array(
      subnet.map((one) => [{ subnet: one }]),
      { maxLength: 3 },
    ),
    assign_ipv4: choice,
    assign_ipv6: choice,
  });
  fc.assert(
    fc.property(
      given,
      fc.subarray([FOUR, SIX]),
      ({ subnet: single, assign_ipv4, assign_ipv6, ranges }, podCidrs) => {
        const ipam = {
          type,
          ranges,
          ...(single !== undefined && { subnet: single }),
          ...(assign_ipv4 !== undefined && { assign_ipv4 }),
          ...(assign_ipv6 !== undefined && { assign_ipv6 }),
        };
        let made: readonly (readonly { subnet: string }[])[] = [];
        const [kind] = failure(() => {
          made = replacePodCidrs(ipam, { name: "n1", podCidrs })["ranges"] as never;
        });
        if (kind !== "none") {
          expect(["noPodCidr", "invalid"]).toContain(kind);
          return;
        }
        const families = made.map((set) => [
          ...new Set(set.map((one) => cidrFamily(parseCidr(one.subnet)!))),
        ]);
        expect(families.every(({ length }) => length === 1)).toBe(true);
        const all = families.flat();
        if (String(assign_ipv4) === "true") expect(all).toContain(4);
        if (String(assign_ipv6) === "true") expect(all).toContain(6);
        if (String(assign_ipv4) === "false") expect(all).not.toContain(4);
        if (String(assign_ipv6) === "false") expect(all).not.toContain(6);
      },
    ),
    { seed: testSeed(), numRuns: 500 },
  );
});
