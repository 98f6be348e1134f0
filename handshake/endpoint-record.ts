import * as v from "valibot";
import { type Address, parseAddress } from "../model/address.ts";
import { type InterfaceName, podInterfaceName } from "../model/fingerprint.ts";

/** The layout of records; one of another version is none of ours to judge. */
export const RECORD_VERSION = 1;

/** As the CNI specification allows it, and safe as the name of a file. */
export const CONTAINER_ID: RegExp = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,249}$/;

const ADDRESS = v.pipe(
  v.string(),
  v.transform((text) => parseAddress(text)),
  v.check((address) => address !== undefined, "expected an address"),
  v.transform((address) => address as Address),
);

/** With a slash in one of the two, two pods would have one identity. */
const NAME = v.pipe(
  v.string(),
  v.check((name) => name !== "" && !name.includes("/"), "expected a name without a slash"),
);

/** What the plugin says of one container that it wires: in a file for the agent's next start, and in its request. */
export interface EndpointRecord {
  readonly version: typeof RECORD_VERSION;
  readonly containerId: string;
  readonly namespace: string;
  readonly pod: string;
  /** What the runtime calls the pod; absent where it does not say. */
  readonly uid?: string;
  /** The host's end. */
  readonly interface: InterfaceName;
  /** The pod's end. */
  readonly podInterface: string;
  /** The name of the CNI network, which leases are filed under. */
  readonly network: string;
  /** The pod's network namespace. */
  readonly namespacePath: string;
  /** Empty until addresses are leased: such a record only says that work is under way. */
  readonly addresses: readonly Address[];
  /** Milliseconds since the epoch: of two records for one pod the later counts. */
  readonly createdAt: number;
}

const FIELDS = v.object({
  version: v.literal(RECORD_VERSION),
  containerId: v.pipe(v.string(), v.regex(CONTAINER_ID)),
  namespace: NAME,
  pod: NAME,
  uid: v.exactOptional(v.string()),
  interface: v.pipe(
    v.string(),
    v.transform((name) => name as InterfaceName),
  ),
  podInterface: v.string(),
  network: v.string(),
  namespacePath: v.string(),
  addresses: v.array(ADDRESS),
  createdAt: v.number(),
});

/** Rules, routes and settings follow the interface: no record may name another than its own pod's. */
export const EndpointRecordSchema: v.GenericSchema<unknown, EndpointRecord> = v.pipe(
  FIELDS,
  v.forward(
    v.check(
      ({ namespace, pod, interface: name }) => name === podInterfaceName(namespace, pod),
      "expected the name that belongs to the pod",
    ),
    ["interface"],
  ),
);
