import {
  attributeBytes,
  attributeText,
  beginNested,
  endAttribute,
  type MessageBuffer,
} from "../../../native/message-buffer.ts";
import type { Masquerading, RuleObject, Statement, Verdict } from "../batch.ts";
import { counter, immediateVerdict, masquerade, verdictLookup } from "./bytecode.ts";
import { cannotEncode } from "./encode-error.ts";
import { fieldsOf, loadFields, type RuleContext } from "./fields.ts";
import { encodeMatch } from "./match.ts";

const RULE_CHAIN = 2;
const RULE_EXPRESSIONS = 4;
const RULE_USERDATA = 7;
const USERDATA_COMMENT = 0;
/** What nft itself can reload. */
const COMMENT_BYTES = 128;

const VERDICTS = { drop: 0, accept: 1, jump: -3, goto: -4, return: -5 } as const;

/** linux/netfilter/nf_nat.h. */
const NAT_FLAGS = { random: 1 << 2, persistent: 1 << 3, "fully-random": 1 << 4 } as const;

/** The kernel's code and the chain that it names, if it names one. */
export function verdictParts(verdict: Verdict): {
  readonly code: number;
  readonly chain: string | undefined;
} {
  if ("jump" in verdict) return { code: VERDICTS.jump, chain: verdict.jump.target };
  if ("goto" in verdict) return { code: VERDICTS.goto, chain: verdict.goto.target };
  if ("accept" in verdict) return { code: VERDICTS.accept, chain: undefined };
  if ("drop" in verdict) return { code: VERDICTS.drop, chain: undefined };
  if ("return" in verdict) return { code: VERDICTS.return, chain: undefined };
  return cannotEncode(verdict, "a verdict");
}

function natFlags({ masquerade: how }: Masquerading): number {
  let bits = 0;
  for (const flag of how?.flags ?? []) {
    // A word that no table has must not become the bits of nothing.
    if (!Object.hasOwn(NAT_FLAGS, flag)) return cannotEncode(flag, "a flag of masquerade");
    bits |= NAT_FLAGS[flag];
  }
  return bits;
}

function encodeStatement(buffer: MessageBuffer, context: RuleContext, statement: Statement): void {
  if ("match" in statement) {
    encodeMatch(buffer, context, statement.match);
  } else if ("vmap" in statement) {
    loadFields(buffer, context, fieldsOf(statement.vmap.key));
    verdictLookup(buffer, statement.vmap.data.slice(1));
  } else if ("counter" in statement) {
    counter(buffer);
  } else if ("masquerade" in statement) {
    masquerade(buffer, natFlags(statement));
  } else {
    const { code, chain } = verdictParts(statement);
    immediateVerdict(buffer, code, chain);
  }
}

function commentUserdata(comment: string): Uint8Array {
  const text = new TextEncoder().encode(comment);
  if (text.length > COMMENT_BYTES)
    return cannotEncode(comment, `a comment of at most ${COMMENT_BYTES} bytes`);
  return Uint8Array.of(USERDATA_COMMENT, text.length + 1, ...text, 0);
}

/** The attributes of a new rule after the table's name. */
export function encodeRule(buffer: MessageBuffer, { chain, expr, comment }: RuleObject): void {
  attributeText(buffer, RULE_CHAIN, chain);
  const expressions = beginNested(buffer, RULE_EXPRESSIONS);
  const context: RuleContext = { network: undefined, transport: undefined };
  for (const statement of expr) encodeStatement(buffer, context, statement);
  endAttribute(buffer, expressions);
  if (comment !== undefined) attributeBytes(buffer, RULE_USERDATA, commentUserdata(comment));
}

/** Flushing a chain is deleting rules without saying which. */
export function encodeFlush(buffer: MessageBuffer, chain: string): void {
  attributeText(buffer, RULE_CHAIN, chain);
}
