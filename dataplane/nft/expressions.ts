import type { Family } from "../../model/address.ts";
import type { Expression, Statement } from "./batch.ts";

export const IIFNAME: Expression = { meta: { key: "iifname" } };
export const OIFNAME: Expression = { meta: { key: "oifname" } };
export const L4PROTO: Expression = { meta: { key: "l4proto" } };

export function addressField(family: Family, field: "saddr" | "daddr"): Expression {
  return { payload: { protocol: family === 4 ? "ip" : "ip6", field } };
}

/** The port alone would match any protocol's bytes: it only ever stands beside `meta l4proto`. */
export function portField(field: "sport" | "dport"): Expression {
  return { payload: { protocol: "th", field } };
}

export function equals(left: Expression, right: Expression): Statement {
  return { match: { op: "==", left, right } };
}

export function inSet(left: Expression, set: string): Statement {
  return equals(left, `@${set}`);
}

export function notInSet(left: Expression, set: string): Statement {
  return { match: { op: "!=", left, right: `@${set}` } };
}

export function verdictOf(key: Expression, map: string): Statement {
  return { vmap: { key, data: `@${map}` } };
}

export function connectionState(...states: readonly string[]): Statement {
  return {
    match: { op: "in", left: { ct: { key: "state" } }, right: states },
  };
}

export const ACCEPT = { accept: null } as const;
export const DROP = { drop: null } as const;
export const COUNTER: Statement = { counter: null };

/** Ports in order would collide: two connections that begin at once could pick the same one, and one would be lost. */
export const MASQUERADE: Statement = { masquerade: { flags: ["fully-random"] } };

export function jump(target: string): { readonly jump: { readonly target: string } } {
  return { jump: { target } };
}

export function goto(target: string): { readonly goto: { readonly target: string } } {
  return { goto: { target } };
}

/**
 * A new TCP flow that does not begin with a bare SYN. `|` takes two operands: libnftables 1.0.6 refuses a longer list.
 */
export const MID_STREAM: readonly Statement[] = [
  connectionState("new"),
  {
    match: {
      op: "!=",
      left: {
        "&": [
          { payload: { protocol: "tcp", field: "flags" } },
          { "|": [{ "|": [{ "|": ["fin", "syn"] }, "rst"] }, "ack"] },
        ],
      },
      right: "syn",
    },
  },
];
