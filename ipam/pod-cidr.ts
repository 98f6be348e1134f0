import * as v from "valibot";
import { addressFamily, type Family, parseAddress } from "../model/address.ts";
import { type Cidr, cidrFamily, parseCidr } from "../model/cidr.ts";
import { echo } from "../model/echo.ts";
import { IpamError } from "./ipam-error.ts";

/** `ipam` of a network's configuration. Whatever has no meaning here is host-local's. */
export type IpamConfiguration = Readonly<Record<string, unknown>>;

interface Range {
  readonly [field: string]: unknown;
  readonly subnet?: string | undefined;
}

interface Ranges {
  /** Both false where nothing says otherwise. */
  readonly demanded: ReadonlySet<Family>;
  readonly refused: ReadonlySet<Family>;
  /** What stands beside `subnet`: it belongs to that range. */
  readonly single: Range | undefined;
  readonly sets: readonly (readonly Range[])[];
  /** Everything that says nothing about ranges. */
  readonly others: IpamConfiguration;
}

/** Nothing is leased from them: what host-local needs to free an address of a node that nobody knows. */
const DUMMIES: readonly Cidr[] = ["0.0.0.0/0", "::/0"] as unknown as readonly Cidr[];

const anyRange = v.looseObject({ subnet: v.exactOptional(v.string()) }, "expected an object");
const choice = v.exactOptional(
  v.pipe(
    v.union([v.boolean(), v.picklist(["true", "false"])], 'expected "true" or "false"'),
    v.transform(String),
  ),
);
const SCHEMA = v.looseObject(
  {
    type: v.optional(v.unknown()),
    subnet: v.exactOptional(v.string("expected text: a block, or usePodCidr")),
    ranges: v.nullish(
      v.array(v.array(anyRange, "expected a list of ranges"), "expected a list of lists of ranges"),
      [],
    ),
    assign_ipv4: choice,
    assign_ipv6: choice,
  },
  "expected an object such as { type: host-local, subnet: usePodCidr }",
);

/** The fields of a range that host-local also takes beside `subnet`. */
const RANGE_FIELDS = ["subnet", "rangeStart", "rangeEnd", "gateway"];

const TRIED = "read the network's ipam";
const NODE_RANGES = "run the controller manager with --allocate-node-cidrs=true and --cluster-cidr";

/** @throws IpamError */
function readRanges(ipam: unknown): Ranges {
  const read = v.safeParse(SCHEMA, ipam);
  if (!read.success) {
    const [issue] = read.issues;
    const path = v.getDotPath(issue);
    throw new IpamError("invalid", {
      tried: TRIED,
      found: `ipam${path === null ? "" : `.${path}`} is ${echo(issue.input)}; ${issue.message}`,
      next: "mend it in the network's configuration",
    });
  }
  const { type, ranges, assign_ipv4: four, assign_ipv6: six, ...rest } = read.output;
  if (type !== "host-local") {
    throw new IpamError("unsupported", {
      tried: TRIED,
      found: `ipam.type is ${type === undefined ? "missing" : echo(type)}, and only "host-local" is supported`,
      next: 'set ipam to { "type": "host-local", "subnet": "usePodCidr" }',
    });
  }
  const chosen = (wanted: string): Set<Family> =>
    new Set<Family>([...(four === wanted ? [4 as const] : []), ...(six === wanted ? [6 as const] : [])]);
  const entries = Object.entries(rest);
  const single = Object.fromEntries(entries.filter(([name]) => RANGE_FIELDS.includes(name))) as Range;
  return {
    demanded: chosen("true"),
    refused: chosen("false"),
    single: single.subnet === undefined ? undefined : single,
    sets: ranges ?? [],
    others: {
      type,
      ...Object.fromEntries(entries.filter(([name]) => !RANGE_FIELDS.includes(name))),
    },
  };
}

/** Which of the node's ranges are meant: those of a family, or, by the short form, whatever there are. */
type Meant = "all" | Family | undefined;

function meantBy(subnet: string | undefined, short: boolean): Meant {
  const word = subnet?.toLowerCase();
  if (word === "usepodcidripv6") return 6;
  if (word === "usepodcidr") return short ? "all" : 4;
  return undefined;
}

/** Whether the node's ranges must be known before addresses can be leased. @throws IpamError */
export function needsPodCidrs(ipam: unknown): boolean {
  const { single, sets } = readRanges(ipam);
  return (
    meantBy(single?.subnet, true) !== undefined ||
    sets.flat().some(({ subnet }) => meantBy(subnet, false) !== undefined)
  );
}

function noPodCidr(node: string, family: Family | undefined, podCidrs: readonly Cidr[]): IpamError {
  const wanted = family === undefined ? "pod range" : `IPv${family} pod range`;
  const has = podCidrs.length === 0 ? "" : ` (it has ${podCidrs.join(", ")})`;
  return new IpamError("noPodCidr", {
    tried: "replace usePodCidr by the node's pod ranges",
    found: `node ${JSON.stringify(node)} has no ${wanted}${has}`,
    next: `${NODE_RANGES}, or set spec.podCIDRs of the node; without either, give ipam a subnet of its own`,
  });
}

/** The range with another subnet; what it says of single addresses stays where it fits the subnet's family. */
function withSubnet(range: Range, subnet: Cidr): Range {
  const fits = ([, value]: [string, unknown]): boolean => {
    const address = typeof value === "string" ? parseAddress(value) : undefined;
    return address === undefined || addressFamily(address) === cidrFamily(subnet);
  };
  const others = Object.entries(range).filter(([name]) => name !== "subnet");
  return { subnet, ...Object.fromEntries(others.filter(fits)) };
}

function noRange(found: string): IpamError {
  const next =
    'set subnet to "usePodCidr" or to a block, and see that assign_ipv4 and assign_ipv6 agree with the ranges';
  return new IpamError("invalid", { tried: TRIED, found, next });
}

interface NodeRanges {
  readonly name: string;
  readonly podCidrs: readonly Cidr[];
}

/**
 * The same `ipam` with this node's ranges in place of usePodCidr and usePodCidrIPv6. `subnet: usePodCidr` stands for all the node
 * has; in `ranges` each word stands for its family, usePodCidr alone for the other one on a node that has no IPv4. `assign_ipv4` and
 * `assign_ipv6` (Calico's) demand a family, or leave it out.
 *
 * @throws IpamError
 */
export function replacePodCidrs(ipam: unknown, { name, podCidrs }: NodeRanges): IpamConfiguration {
  const { demanded, refused, single, sets, others } = readRanges(ipam);
  const ofFamily = (family: Family): readonly Cidr[] =>
    podCidrs.filter((cidr) => cidrFamily(cidr) === family);

  const isFourForSix =
    ofFamily(4).length === 0 && !sets.flat().some(({ subnet }) => meantBy(subnet, false) === 6);

  function replaced(given: Range, meant: Meant): readonly Range[] {
    if (meant === undefined) return [given];
    if (podCidrs.length === 0) throw noPodCidr(name, undefined, podCidrs);
    if (meant === "all") return podCidrs.map((cidr) => withSubnet(given, cidr));
    const found = meant === 4 && isFourForSix ? podCidrs : ofFamily(meant);
    if (found.length === 0 && !refused.has(meant)) throw noPodCidr(name, meant, podCidrs);
    return found.map((cidr) => withSubnet(given, cidr));
  }

  const familyOf = ({ subnet }: Range): Family | undefined => {
    const cidr = subnet === undefined ? undefined : parseCidr(subnet);
    return cidr === undefined ? undefined : cidrFamily(cidr);
  };
  const isWanted = (one: Range): boolean => {
    const family = familyOf(one);
    return family === undefined || !refused.has(family);
  };
  const wide = single === undefined ? [] : replaced(single, meantBy(single.subnet, true));
  // host-local takes one address of each set, and a set is of one family.
  const families = [...Map.groupBy(wide, familyOf).values()];
  const ranges = [
    ...families,
    ...sets.map((set) => set.flatMap((given) => replaced(given, meantBy(given.subnet, false)))),
  ]
    .map((set) => set.filter(isWanted))
    .filter((set) => set.length > 0);
  for (const family of demanded) {
    if (ranges.flat().some((one) => familyOf(one) === family)) continue;
    if (single?.subnet !== undefined && meantBy(single.subnet, true) === "all")
      throw noPodCidr(name, family, podCidrs);
    throw noRange(`assign_ipv${family} is true, and there is no IPv${family} range`);
  }
  if (ranges.length === 0) throw noRange("no range is left to lease addresses from");
  return { ...others, ranges };
}

/** The same `ipam` with ranges that serve to free and to find leases, where the node's own are not known. @throws IpamError */
export function replaceUnknownPodCidrs(ipam: unknown): IpamConfiguration {
  const { others } = readRanges(ipam);
  return { ...others, ranges: DUMMIES.map((subnet) => [{ subnet }]) };
}
