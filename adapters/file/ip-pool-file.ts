import { parseDocument } from "yaml";
import type { Cidr } from "../../model/cidr.ts";
import type { IpPool } from "../../model/ip-pool.ts";
import type { Problem } from "../../model/problem.ts";
import { whereText } from "../objects/defect.ts";
import { expandList, type ExpandedList } from "../objects/expand-list.ts";
import { type ReadPool, readIpPool } from "../objects/ip-pool.ts";
import { splitDocuments } from "./split-documents.ts";
import { YAML_OPTIONS } from "./yaml-options.ts";

/** What a file of pools says. */
export interface IpPoolFile {
  /** Of two with one block the later. */
  readonly pools: readonly IpPool[];
  readonly problems: readonly Problem[];
}

/** calicoctl took objects one after another, as a typed list, and as a bare YAML list. */
function expand(value: unknown): ExpandedList {
  if (!Array.isArray(value)) return expandList(value);
  const lists = value.map((item: unknown, index) => ({ index, ...expandList(item) }));
  const below = (index: number, path: string) => (path === "" ? `[${index}]` : `[${index}].${path}`);
  return {
    objects: lists.flatMap(({ index, objects }) =>
      objects.map((one) => ({ ...one, path: below(index, one.path) })),
    ),
    defects: lists.flatMap(({ index, defects }) =>
      defects.map((one) => ({ ...one, path: below(index, one.path) })),
    ),
  };
}

interface Parsed {
  readonly value: unknown;
  /** Undefined: it is YAML. */
  readonly malformed: string | undefined;
}

function parse(text: string): Parsed {
  try {
    const document = parseDocument(text, YAML_OPTIONS);
    const [error] = [...document.errors, ...document.warnings];
    return error === undefined
      ? { value: document.toJS(), malformed: undefined }
      : { value: undefined, malformed: error.message };
  } catch (error) {
    return { value: undefined, malformed: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Reads Calico's `ippool.yaml`: pools of v1 and v3, in any number of documents and lists. What cannot be read is told
 * and left out; the rest counts. Never throws.
 *
 * @param where what the file is called in problems.
 */
export function readIpPoolFile(text: string, where: string): IpPoolFile {
  const pools = new Map<Cidr, IpPool>();
  const problems: Problem[] = [];
  for (const [index, document] of splitDocuments(text).entries()) {
    const place = `${where}, document ${index + 1}`;
    const { value, malformed } = parse(document.text);
    if (malformed !== undefined) {
      const message = `malformed YAML: ${malformed}`;
      problems.push({ where: place, path: "", value: "", message, consequence: "no pool of it counts" });
      continue;
    }
    if (value === null || value === undefined) continue;
    const { objects, defects } = expand(value);
    for (const defect of defects) problems.push({ where: place, ...defect });
    for (const { path, value: object } of objects) {
      const read: ReadPool = readIpPool(object);
      const name = whereText(place, read.pool === undefined ? "" : `ipPool ${read.pool.cidr}`);
      const below = (inner: string) => (path === "" || inner === "" ? path + inner : `${path}.${inner}`);
      for (const defect of read.defects) problems.push({ where: name, ...defect, path: below(defect.path) });
      if (read.pool === undefined) continue;
      const { cidr } = read.pool;
      if (pools.has(cidr)) {
        const message = "the same pool stands before it";
        problems.push({ where: name, path, value: "", message, consequence: "the later one counts" });
      }
      pools.set(cidr, read.pool);
    }
  }
  return { pools: [...pools.values()], problems };
}
