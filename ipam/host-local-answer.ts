import * as v from "valibot";
import { type Address, parseAddress } from "../model/address.ts";
import { IpamError, type IpamErrorKind } from "./ipam-error.ts";

const block = v.pipe(
  v.string(),
  v.transform((text) => parseAddress(text.split("/", 1)[0] ?? "")),
  v.check((address) => address !== undefined, "expected an address and the length of its network"),
  v.transform((address) => address as Address),
);

const list = v.pipe(
  v.object({ ips: v.array(v.object({ address: block })) }),
  v.transform(({ ips }) => ips.map(({ address }) => address)),
);
const pair = v.object({ ip: block });
const pairs = v.pipe(
  v.object({ ip4: v.nullish(pair), ip6: v.nullish(pair) }),
  v.transform(({ ip4, ip6 }) => [ip4, ip6].flatMap((one) => (one ? [one.ip] : []))),
);

const FAILURE = v.object({
  code: v.number(),
  msg: v.string(),
  details: v.optional(v.string(), ""),
});

/** Until 0.2.0 a result held one address of each family. */
function resultOf(version: string): v.GenericSchema<unknown, Address[]> {
  return /^0\.[12]\./.test(version) ? pairs : list;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The beginning of a text, for one line of a message. */
export function excerpt(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, " ");
  return line.length <= 200 ? line : `${line.slice(0, 199)}…`;
}

// host-local has one code for everything (999, of old 100): its words are all there is to tell one from another.
const WORDS: readonly (readonly [RegExp, IpamErrorKind, string])[] = [
  [
    /no IP addresses available/i,
    "full",
    "give the node a larger range, or free leases of pods that are gone: the plugin's GC does so, and the first pod after a reboot",
  ],
  [
    /permission denied|read-only file system|no space left|not a directory|is a directory|input\/output error|too many open files|no locks available|disk quota|operation not permitted|file name too long|no such file/i,
    "io",
    "see that the lease directory (dataDir of ipam, by default /var/lib/cni/networks) is one, can be written to, and has room",
  ],
  [
    /Failed to find address added by/i,
    "notLeased",
    "nothing: the runtime makes the pod's sandbox anew after a failed check",
  ],
  [
    /version/i,
    "version",
    "install a newer host-local, or set cniVersion in the network's configuration lower",
  ],
];
const MEND = "mend ipam in the network's configuration";
const DUPLICATE = /duplicate allocation is not allowed/i;

/** Whether it refuses since the container has an address of these ranges already. */
export function isDuplicate(output: string): boolean {
  const read = v.safeParse(FAILURE, jsonOf(output));
  return read.success && DUPLICATE.test(`${read.output.msg} ${read.output.details}`);
}

/** What host-local's words mean; undefined: they are no words of a plugin. */
export function failureOf(output: string, tried: string): IpamError | undefined {
  const read = v.safeParse(FAILURE, jsonOf(output));
  if (!read.success) return undefined;
  const { code, msg, details } = read.output;
  const words = details === "" ? msg : `${msg}: ${details}`;
  const [, kind = "refused", next = MEND] =
    code === 1 ? (WORDS.at(-1) ?? []) : (WORDS.slice(0, -1).find(([said]) => said.test(words)) ?? []);
  return new IpamError(kind, { tried, found: `host-local says: ${excerpt(words)}`, next });
}

/** The addresses of a result, in its order. @throws IpamError */
export function addressesOf(output: string, version: string, tried: string): readonly Address[] {
  const read = v.safeParse(resultOf(version), jsonOf(output));
  if (read.success && read.output.length > 0) return read.output;
  const found = output.trim() === "" ? "nothing" : JSON.stringify(excerpt(output));
  throw new IpamError("garbled", {
    tried,
    found: `host-local ended well and answered ${found}, which is no result of version ${version} with an address`,
    next: "see that host-local along CNI_PATH is the plugin of containernetworking",
  });
}
