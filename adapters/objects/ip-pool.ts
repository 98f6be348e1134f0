import { type Cidr, parseCidr } from "../../model/cidr.ts";
import type { IpPool } from "../../model/ip-pool.ts";
import { childPath, type Defect, describe } from "./defect.ts";
import { isObject } from "./schema.ts";

export interface ReadPool {
  /** Undefined: it cannot be told which addresses are meant. */
  readonly pool: IpPool | undefined;
  readonly defects: readonly Defect[];
}

/** Where one version of the API says what. */
interface Dialect {
  readonly holder: "metadata" | "spec";
  readonly natOutgoing: string;
  readonly fields: readonly string[];
}

const V1: Dialect = {
  holder: "metadata",
  natOutgoing: "nat-outgoing",
  fields: ["ipip", "nat-outgoing", "disabled"],
};
const V3: Dialect = {
  holder: "spec",
  natOutgoing: "natOutgoing",
  fields: [
    "cidr",
    "vxlanMode",
    "ipipMode",
    "natOutgoing",
    "disabled",
    "disableBGPExport",
    "blockSize",
    "nodeSelector",
    "namespaceSelector",
    "allowedUses",
    "assignmentMode",
  ],
};
const DIALECTS: ReadonlyMap<unknown, Dialect> = new Map([
  ["v1", V1],
  ["projectcalico.org/v3", V3],
  ["crd.projectcalico.org/v1", V3],
]);

const NOTHING = "this pool does not count";

function nothing(path: string, value: unknown, message: string): ReadPool {
  const found = value === undefined ? "" : describe(value);
  return { pool: undefined, defects: [{ path, value: found, message, consequence: NOTHING }] };
}

/** Tunnels are not made here, and nobody should believe they were. */
function tunnelDefects(spec: Readonly<Record<string, unknown>>): Defect[] {
  const consequence = "packets between nodes go as the network routes them";
  const message = "tunnels are not made in this version";
  const { ipip, ipipMode = "Never", vxlanMode = "Never" } = spec;
  const asked: [string, unknown][] = [];
  if (isObject(ipip) && (ipip["enabled"] ?? false) !== false)
    asked.push(["spec.ipip.enabled", ipip["enabled"]]);
  if (ipipMode !== "Never" && ipipMode !== "") asked.push(["spec.ipipMode", ipipMode]);
  if (vxlanMode !== "Never" && vxlanMode !== "") asked.push(["spec.vxlanMode", vxlanMode]);
  return asked.map(([path, value]) => ({ path, value: describe(value), message, consequence }));
}

function fieldDefects(spec: Readonly<Record<string, unknown>>, { fields }: Dialect): Defect[] {
  return Object.keys(spec)
    .filter((key) => !fields.includes(key))
    .map((key) => ({
      path: childPath("spec", key),
      value: describe(spec[key]),
      message: `unknown field, known are ${fields.join(", ")}`,
      consequence: "it means nothing",
    }));
}

/**
 * Reads an `ipPool` (v1) or `IPPool` (v3). `disabled` keeps Calico's address manager from the pool and changes nothing
 * here: people disable pools to say that a range is not masqueraded to.
 */
export function readIpPool(value: unknown): ReadPool {
  if (!isObject(value)) return nothing("", value, "expected an object");
  const { apiVersion, kind } = value;
  if (typeof kind !== "string" || kind.toLowerCase() !== "ippool") {
    return nothing("kind", kind, "expected ipPool");
  }
  const dialect = DIALECTS.get(apiVersion);
  if (dialect === undefined) {
    return nothing("apiVersion", apiVersion, `expected ${[...DIALECTS.keys()].join(", ")}`);
  }
  const spec = value["spec"] ?? {};
  if (!isObject(spec)) return nothing("spec", spec, "expected an object");
  const holder = value[dialect.holder];
  const text = isObject(holder) ? holder["cidr"] : undefined;
  const cidr: Cidr | undefined = typeof text === "string" ? parseCidr(text) : undefined;
  if (cidr === undefined) {
    return nothing(`${dialect.holder}.cidr`, text, "expected a block of addresses such as 10.244.0.0/16");
  }
  const defects = [...fieldDefects(spec, dialect), ...tunnelDefects(spec)];
  const natOutgoing = spec[dialect.natOutgoing] ?? false;
  if (typeof natOutgoing !== "boolean") {
    defects.push({
      path: childPath("spec", dialect.natOutgoing),
      value: describe(natOutgoing),
      message: "expected true or false",
      consequence: "its pods keep their own addresses outside",
    });
  }
  return { pool: { cidr, natOutgoing: natOutgoing === true }, defects };
}
