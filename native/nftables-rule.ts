import { attributeString, netlinkAttributes } from "./netlink-messages.ts";

const NFGENMSG = 4;
const RULE_CHAIN = 2;
const RULE_HANDLE = 3;
const RULE_EXPRESSIONS = 4;
const RULE_USERDATA = 7;
const EXPRESSION_NAME = 1;
const EXPRESSION_DATA = 2;
const IMMEDIATE_DATA = 2;
const DATA_VERDICT = 2;
const VERDICT_CHAIN = 2;
const MATCH_NAME = 1;
const MATCH_INFO = 3;
/** Of libnftnl's list in a rule's user data: a type, a length, and the value. */
const USERDATA_COMMENT = 0;
const ATTRIBUTE_HEADER = 4;

/** What it takes to tell whose rule it is, and to delete it. */
export interface RuleReference {
  readonly chain: string;
  /** The kernel's number of it, as its 8 bytes. */
  readonly handle: Uint8Array;
  /** Chains that it jumps or goes to. */
  readonly targets: readonly string[];
  /** As nft writes it, or iptables' match of this name. */
  readonly comments: readonly string[];
}

/** All attributes of a list, whose types are all the same. */
function listed(bytes: Uint8Array | undefined): Uint8Array[] {
  const found: Uint8Array[] = [];
  if (bytes === undefined) return found;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + ATTRIBUTE_HEADER <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < ATTRIBUTE_HEADER || at + length > bytes.length) break;
    found.push(bytes.subarray(at + ATTRIBUTE_HEADER, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}

function nested(bytes: Uint8Array | undefined): ReadonlyMap<number, Uint8Array> {
  return bytes === undefined ? new Map() : netlinkAttributes(bytes, 0);
}

function userComment(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  for (let at = 0; at + 2 <= bytes.length;) {
    const [type, length = 0] = bytes.subarray(at, at + 2);
    const value = bytes.subarray(at + 2, at + 2 + length);
    if (type === USERDATA_COMMENT) return attributeString(value);
    at += 2 + length;
  }
  return undefined;
}

/** Reads what follows the header of a message about a rule; undefined if it is about none. */
export function readRule(payload: Uint8Array): RuleReference | undefined {
  const attributes = netlinkAttributes(payload, NFGENMSG);
  const chain = attributeString(attributes.get(RULE_CHAIN));
  const handle = attributes.get(RULE_HANDLE);
  if (chain === undefined || handle?.length !== 8) return undefined;
  const targets: string[] = [];
  const comments: string[] = [];
  for (const element of listed(attributes.get(RULE_EXPRESSIONS))) {
    const expression = nested(element);
    const data = nested(expression.get(EXPRESSION_DATA));
    const name = attributeString(expression.get(EXPRESSION_NAME));
    if (name === "immediate") {
      const verdict = nested(nested(data.get(IMMEDIATE_DATA)).get(DATA_VERDICT));
      const target = attributeString(verdict.get(VERDICT_CHAIN));
      if (target !== undefined) targets.push(target);
    } else if (name === "match" && attributeString(data.get(MATCH_NAME)) === "comment") {
      comments.push(attributeString(data.get(MATCH_INFO)) ?? "");
    }
  }
  const written = userComment(attributes.get(RULE_USERDATA));
  return { chain, handle, targets, comments: written === undefined ? comments : [...comments, written] };
}
