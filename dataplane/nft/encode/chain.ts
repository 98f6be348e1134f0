import {
  attributeText,
  attributeU32,
  beginNested,
  endAttribute,
  type MessageBuffer,
} from "../../../native/message-buffer.ts";
import type { ChainObject, TableObject } from "../batch.ts";
import { cannotEncode } from "./encode-error.ts";

export const TABLE_FLAGS = 2;
export const OWNER = 0x2;
export const PERSIST = 0x4;
const FLAGS = { owner: OWNER, persist: PERSIST } as const;

export const CHAIN_NAME = 3;
const CHAIN_HOOK = 4;
const CHAIN_POLICY = 5;
const CHAIN_TYPE = 7;
const HOOK_NUMBER = 1;
const HOOK_PRIORITY = 2;
const HOOKS = { prerouting: 0, input: 1, forward: 2, postrouting: 4 } as const;
const POLICIES = { drop: 0, accept: 1 } as const;

/** The attributes of a new table after its name. */
export function encodeTable(buffer: MessageBuffer, { flags }: TableObject): void {
  if (flags === undefined) return;
  const bits = flags.reduce((sum, flag) => sum | FLAGS[flag], 0);
  attributeU32(buffer, TABLE_FLAGS, bits);
}

/** The attributes of a new chain after the table's name. */
export function encodeChain(buffer: MessageBuffer, chain: ChainObject): void {
  attributeText(buffer, CHAIN_NAME, chain.name);
  if (chain.hook === undefined) return;
  if (chain.prio === undefined || chain.type === undefined) {
    return cannotEncode(chain, "a base chain with type and priority");
  }
  const hook = beginNested(buffer, CHAIN_HOOK);
  attributeU32(buffer, HOOK_NUMBER, HOOKS[chain.hook]);
  attributeU32(buffer, HOOK_PRIORITY, chain.prio);
  endAttribute(buffer, hook);
  if (chain.policy !== undefined) attributeU32(buffer, CHAIN_POLICY, POLICIES[chain.policy]);
  attributeText(buffer, CHAIN_TYPE, chain.type);
}
