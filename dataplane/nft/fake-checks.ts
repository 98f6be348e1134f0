import { addressFamily, addressValue, parseAddress } from "../../model/address.ts";
import { cidrRange, parseCidr } from "../../model/cidr.ts";
import type { ChainObject, Expression, RuleObject, Scalar, SetObject, SetType } from "./batch.ts";
import { type FakeSet, type FakeTable, refuse, rulePlaces, targetOf } from "./fake-kernel.ts";

const NAME_BYTES = 255;
const COMMENT_BYTES = 128;
const INTERFACE_BYTES = 15;
/** Jumps, gotos and map steps that the kernel follows (NFT_JUMP_STACK_SIZE). */
const DEPTH = 16;
/** NF_IP_PRI_CONNTRACK. */
const CONNTRACK_PRIORITY = -200;

/** One field of a key as an unbroken run of numbers. */
interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

export function checkName(name: string): void {
  if (Buffer.byteLength(name) > NAME_BYTES) refuse("ENAMETOOLONG", `name of ${name.length} characters`);
  if (!/^[A-Za-z][\w.-]*$/.test(name)) refuse("EINVAL", `name "${name}" does not reload`);
}

export function typesOf({ type }: Pick<SetObject, "type">): readonly SetType[] {
  return typeof type === "string" ? [type] : type;
}

function fieldTypes(key: Expression): string[] {
  if (typeof key !== "object") return ["value"];
  if ("concat" in key) return key.concat.flatMap(fieldTypes);
  if ("meta" in key)
    return [key.meta.key === "l4proto" ? "inet_proto" : key.meta.key === "nfproto" ? "nfproto" : "ifname"];
  if ("payload" in key) {
    const { protocol } = key.payload;
    if (protocol === "ip") return ["ipv4_addr"];
    if (protocol === "ip6") return ["ipv6_addr"];
    return [protocol === "th" ? "inet_service" : "other"];
  }
  return ["other"];
}

function number(value: Scalar, most: number): bigint {
  const parsed = typeof value === "number" ? value : Number(value);
  if (!Number.isInteger(parsed) || parsed < 0 || parsed > most)
    refuse("EINVAL", `${value} is not 0 to ${most}`);
  return BigInt(parsed);
}

function scalarValue(value: Scalar, type: SetType): bigint {
  switch (type) {
    case "ipv4_addr":
    case "ipv6_addr": {
      const address = parseAddress(String(value));
      if (address !== value || addressFamily(address) !== (type === "ipv4_addr" ? 4 : 6)) {
        refuse("EINVAL", `${value} is not of type ${type}`);
      }
      return addressValue(address).value;
    }
    case "inet_proto":
      return number(value, 255);
    case "inet_service":
      return number(value, 65_535);
    case "ifname":
      if (Buffer.byteLength(String(value)) > INTERFACE_BYTES)
        refuse("EINVAL", `interface name ${value} is too long`);
      return 0n;
    default:
      return refuse("EINVAL", `no such type ${String(type)}`);
  }
}

function span(field: Expression, type: SetType): Span {
  if (typeof field !== "object") {
    const value = scalarValue(field, type);
    return { first: value, last: value };
  }
  if ("range" in field) {
    const [first, last] = [scalarValue(field.range[0], type), scalarValue(field.range[1], type)];
    return first <= last ? { first, last } : refuse("EINVAL", "range runs backwards");
  }
  if ("prefix" in field) {
    const cidr = parseCidr(`${field.prefix.addr}/${field.prefix.len}`);
    return cidr === undefined ? refuse("EINVAL", "no such prefix") : cidrRange(cidr);
  }
  return refuse("EINVAL", "no such key");
}

/** Refuses keys of another type, and overlaps in an interval set. */
export function checkKey({ set, elements }: FakeSet, key: Expression): void {
  const types = typesOf(set);
  const fields = typeof key === "object" && "concat" in key ? key.concat : [key];
  if (fields.length !== types.length) refuse("EINVAL", `${fields.length} fields for ${types.length}`);
  const spansOf = (parts: readonly Expression[]) =>
    parts.map((field, at) => span(field, types[at] ?? "ifname"));
  const spans = spansOf(fields);
  const interval = set.flags?.includes("interval") ?? false;
  if (!interval) {
    if (spans.some(({ first, last }) => first !== last))
      refuse("EINVAL", "a range in a set without intervals");
    return;
  }
  for (const [text, other] of elements) {
    if (text === JSON.stringify(key)) continue;
    const others = spansOf(
      typeof other.key === "object" && "concat" in other.key ? other.key.concat : [other.key],
    );
    const overlaps = spans.every(({ first, last }, at) => {
      const one = others[at];
      return one !== undefined && first <= one.last && one.first <= last;
    });
    if (overlaps) refuse("EEXIST", `${JSON.stringify(key)} overlaps ${text}`);
  }
}

export function checkRule(table: FakeTable, rule: RuleObject): void {
  if (rule.comment !== undefined && Buffer.byteLength(rule.comment) > COMMENT_BYTES)
    refuse("EINVAL", "long comment");
  if (rule.comment?.includes('"') === true) refuse("EINVAL", "a quote in a comment does not reload");
  const { chains, sets } = rulePlaces(rule);
  for (const target of chains) checkTarget(table, target);
  for (const name of sets) if (!table.sets.has(name)) refuse("ENOENT", `no set ${name}`);
  for (const statement of rule.expr) {
    let left: Expression;
    let name: string;
    if ("vmap" in statement) {
      left = statement.vmap.key;
      name = statement.vmap.data.slice(1);
    } else if ("match" in statement) {
      const { right } = statement.match;
      if (typeof right !== "string" || !right.startsWith("@")) {
        if (fieldTypes(statement.match.left)[0] === "inet_service") span(right as Expression, "inet_service");
        continue;
      }
      left = statement.match.left;
      name = right.slice(1);
    } else {
      continue;
    }
    const object = table.sets.get(name)?.set;
    if (object === undefined) continue;
    if ("map" in object !== "vmap" in statement)
      refuse("EINVAL", `${name} is ${"map" in object ? "a" : "no"} map`);
    const wanted = typesOf(object).join(" . ");
    const found = fieldTypes(left).join(" . ");
    if (wanted !== found) refuse("EINVAL", `${name} holds ${wanted}, the rule looks for ${found}`);
  }
}

export function checkTarget(table: FakeTable, target: string): void {
  const chain = table.chains.get(target)?.chain;
  if (chain === undefined) refuse("ENOENT", `no chain ${target}`);
  if (chain.hook !== undefined) refuse("EOPNOTSUPP", `${target} is a base chain`);
}

/** Chains of type `nat` hang where packets are translated, and after conntrack. */
export function checkHook({ name, type, hook, prio = 0 }: ChainObject): void {
  if (type === "nat" && (hook === "forward" || prio <= CONNTRACK_PRIORITY)) {
    refuse("EOPNOTSUPP", `${name} cannot translate there`);
  }
}

/** Where a chain can lead: by its rules and by the maps that they look into. */
function successors(table: FakeTable, name: string): Set<string> {
  const next = new Set<string>();
  for (const rule of table.chains.get(name)?.rules ?? []) {
    const { chains, sets } = rulePlaces(rule);
    for (const chain of chains) next.add(chain);
    for (const set of sets) {
      for (const { verdict } of table.sets.get(set)?.elements.values() ?? []) {
        const target = targetOf(verdict);
        if (target !== undefined) next.add(target);
      }
    }
  }
  return next;
}

/** Refuses to masquerade anywhere but on the way out. */
function checkMasquerade(table: FakeTable, { name, type, hook }: ChainObject): void {
  if (type === "nat" && hook === "postrouting") return;
  const reached = new Set([name]);
  for (const one of reached) {
    const rules = table.chains.get(one)?.rules ?? [];
    if (rules.some(({ expr }) => expr.some((statement) => "masquerade" in statement))) {
      refuse("EOPNOTSUPP", `${name} does not masquerade`);
    }
    for (const next of successors(table, one)) reached.add(next);
  }
}

/** Refuses loops, deep jumps and translation out of place behind base chains, as the kernel does in the end. */
export function checkGraph(table: FakeTable): void {
  const depths = new Map<string, number>();
  const visit = (name: string, path: ReadonlySet<string>): number => {
    if (path.has(name)) refuse("EMLINK", `${name} leads back to itself`);
    const known = depths.get(name);
    if (known !== undefined) return known;
    let depth = 0;
    for (const next of successors(table, name))
      depth = Math.max(depth, 1 + visit(next, new Set([...path, name])));
    depths.set(name, depth);
    return depth;
  };
  for (const [name, { chain }] of table.chains) {
    if (chain.hook === undefined) continue;
    if (visit(name, new Set()) > DEPTH) refuse("EMLINK", `${name} leads too deep`);
    checkMasquerade(table, chain);
  }
}

/** Whether a rule or an element refers to it. */
export function isUsed(table: FakeTable, kind: "chain" | "set", name: string): boolean {
  for (const { rules } of table.chains.values()) {
    for (const rule of rules) {
      const places = rulePlaces(rule);
      if ((kind === "chain" ? places.chains : places.sets).includes(name)) return true;
    }
  }
  if (kind === "set") return false;
  for (const { elements } of table.sets.values()) {
    for (const { verdict } of elements.values()) if (targetOf(verdict) === name) return true;
  }
  return false;
}
