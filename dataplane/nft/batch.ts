/**
 * The subset of libnftables' JSON (libnftables-json(5)) that tortie writes. A batch is one transaction: a person can
 * read it, `nft -j -f` loads it, and both writers carry it out alike.
 */

export const FAMILY = "inet";

export type Scalar = string | number;

export type Expression =
  | Scalar
  /** iifname, oifname, mark, nfproto, l4proto. */
  | { readonly meta: { readonly key: "iifname" | "oifname" | "nfproto" | "l4proto" } }
  | {
      readonly payload:
        | { readonly protocol: "ip" | "ip6"; readonly field: "saddr" | "daddr" }
        | { readonly protocol: "ip6"; readonly field: "hoplimit" }
        | { readonly protocol: "th"; readonly field: "sport" | "dport" }
        | { readonly protocol: "tcp"; readonly field: "flags" }
        | { readonly protocol: "icmpv6"; readonly field: "type" };
    }
  | { readonly ct: { readonly key: "state" } }
  | { readonly concat: readonly Expression[] }
  /** Both ends included. */
  | { readonly range: readonly [Scalar, Scalar] }
  | { readonly prefix: { readonly addr: string; readonly len: number } }
  /** Bitwise and, or of flag names. */
  | { readonly "&": readonly [Expression, Expression] }
  | { readonly "|": readonly Expression[] };

export type Verdict =
  | { readonly accept: null }
  | { readonly drop: null }
  | { readonly return: null }
  | { readonly jump: { readonly target: string } }
  | { readonly goto: { readonly target: string } };

export type NatFlag = "random" | "fully-random" | "persistent";

/** Puts the address of the interface that the packet leaves by in the place of its source. */
export interface Masquerading {
  /** Null: the kernel picks the port as it sees fit, the packet's own where that is free. */
  readonly masquerade: null | { readonly flags: readonly NatFlag[] };
}

export type Statement =
  | {
      readonly match: {
        /** `in` is for lists of ct states: any one of them. */
        readonly op: "==" | "!=" | "in";
        readonly left: Expression;
        /** `@name` is a set; a list of strings is ct states. */
        readonly right: Expression | readonly string[];
      };
    }
  | { readonly vmap: { readonly key: Expression; readonly data: `@${string}` } }
  | { readonly counter: null }
  /** Only in chains of type `nat` on postrouting, and nothing follows it. */
  | Masquerading
  | Verdict;

export interface TableObject {
  readonly family: typeof FAMILY;
  readonly name: string;
  /** Only the netlink writer can say it: libnftables before 1.1.0 drops it in silence. */
  readonly flags?: readonly ("owner" | "persist")[];
}

export interface ChainObject {
  readonly family: typeof FAMILY;
  readonly table: string;
  readonly name: string;
  readonly type?: "filter" | "nat";
  readonly hook?: "prerouting" | "input" | "forward" | "postrouting";
  readonly prio?: number;
  readonly policy?: "accept" | "drop";
}

export interface RuleObject {
  readonly family: typeof FAMILY;
  readonly table: string;
  readonly chain: string;
  readonly expr: readonly Statement[];
  /** At most 128 bytes: nft refuses to reload more. */
  readonly comment?: string;
}

export type SetType = "ipv4_addr" | "ipv6_addr" | "inet_proto" | "inet_service" | "ifname";

export interface SetObject {
  readonly family: typeof FAMILY;
  readonly table: string;
  readonly name: string;
  readonly type: SetType | readonly SetType[];
  readonly flags?: readonly "interval"[];
}

export interface MapObject extends SetObject {
  readonly map: "verdict";
}

export interface ElementObject {
  readonly family: typeof FAMILY;
  readonly table: string;
  /** The set's or map's name. */
  readonly name: string;
  /** Keys; for a map that adds, pairs of key and verdict; for a map that deletes, keys alone. */
  readonly elem: readonly (Expression | readonly [Expression, Verdict])[];
}

export type Command =
  | { readonly add: { readonly table: TableObject } }
  | { readonly add: { readonly chain: ChainObject } }
  | { readonly add: { readonly rule: RuleObject } }
  | { readonly add: { readonly set: SetObject } }
  | { readonly add: { readonly map: MapObject } }
  | { readonly add: { readonly element: ElementObject } }
  | { readonly flush: { readonly chain: { family: typeof FAMILY; table: string; name: string } } }
  | { readonly delete: { readonly table: { family: typeof FAMILY; name: string } } }
  | { readonly delete: { readonly chain: { family: typeof FAMILY; table: string; name: string } } }
  | { readonly delete: { readonly set: { family: typeof FAMILY; table: string; name: string } } }
  | { readonly delete: { readonly map: { family: typeof FAMILY; table: string; name: string } } }
  | { readonly delete: { readonly element: ElementObject } };

export interface Batch {
  readonly nftables: readonly Command[];
}
