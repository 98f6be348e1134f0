import { SystemCallError } from "./system-call-error.ts";
import {
  attributeBytes,
  attributeText,
  beginMessage,
  createMessageBuffer,
  endMessage,
  type MessageBuffer,
  writeU16,
  writeU8,
} from "./message-buffer.ts";
import { attributeString, messageErrno, netlinkAttributes } from "./netlink-messages.ts";
import { NETLINK_NETFILTER, NetlinkSocket } from "./netlink-socket.ts";
import { NFT_FAMILY, type TableReference } from "./nftables-names.ts";
import { readRule, type RuleReference } from "./nftables-rule.ts";

const NFTABLES = 0x0a00;
const GETTABLE = NFTABLES | 1;
const DELTABLE = NFTABLES | 2;
const GETCHAIN = NFTABLES | 4;
const DELCHAIN = NFTABLES | 5;
const GETRULE = NFTABLES | 7;
const DELRULE = NFTABLES | 8;
const BATCH_BEGIN = 0x10;
const BATCH_END = 0x11;
const NFTABLES_SUBSYSTEM = 10;
const NLM_F_REQUEST = 1;
const NLM_F_DUMP = 0x300;
const NFGENMSG = 4;
const TABLE_NAME = 1;
const CHAIN_TABLE = 1;
const CHAIN_NAME = 3;
const RULE_TABLE = 1;
const RULE_CHAIN = 2;
const RULE_HANDLE = 3;
const SEND_BYTES = 8 * 1024 * 1024;

/** Something to take away. Rules go before the chain that they lead to. */
export type NftablesRemoval =
  | { readonly kind: "table"; readonly of: TableReference }
  | { readonly kind: "rule"; readonly of: TableReference; readonly rule: RuleReference }
  /** All rules of a chain. */
  | { readonly kind: "rules"; readonly of: TableReference; readonly chain: string }
  | { readonly kind: "chain"; readonly of: TableReference; readonly chain: string };

interface Head {
  readonly type: number;
  readonly flags?: number;
  readonly sequence?: number;
}

function message(
  buffer: MessageBuffer,
  { type, flags = 0, sequence = 0 }: Head,
  family: number,
  body: () => void,
): void {
  const start = beginMessage(buffer, type, NLM_F_REQUEST | flags, sequence);
  writeU8(buffer, family);
  writeU8(buffer, 0);
  // In the two edges of a batch whose batch it is; nobody reads it elsewhere.
  writeU16(buffer, type < NFTABLES ? NFTABLES_SUBSYSTEM : 0);
  body();
  endMessage(buffer, start);
}

function encodeRemoval(buffer: MessageBuffer, removal: NftablesRemoval, sequence: number): void {
  const { family, table } = removal.of;
  const number = NFT_FAMILY[family];
  switch (removal.kind) {
    case "table":
      return message(buffer, { type: DELTABLE, sequence }, number, () =>
        attributeText(buffer, TABLE_NAME, table),
      );
    case "chain":
      return message(buffer, { type: DELCHAIN, sequence }, number, () => {
        attributeText(buffer, CHAIN_TABLE, table);
        attributeText(buffer, CHAIN_NAME, removal.chain);
      });
    case "rules":
    case "rule":
      return message(buffer, { type: DELRULE, sequence }, number, () => {
        attributeText(buffer, RULE_TABLE, table);
        attributeText(buffer, RULE_CHAIN, removal.kind === "rule" ? removal.rule.chain : removal.chain);
        if (removal.kind === "rule") attributeBytes(buffer, RULE_HANDLE, removal.rule.handle);
      });
  }
}

/**
 * Reads names of chains and rules of one table, and takes away what it is told. For tables of other programs, whose rules
 * may hold what nobody here knows: of a rule nothing but jumps and comments is looked at. Stays in the network namespace
 * that it was opened in.
 */
export class NftablesRemover {
  readonly #socket: NetlinkSocket = NetlinkSocket.open(NETLINK_NETFILTER, {
    sendBufferBytes: SEND_BYTES,
    receiveBufferBytes: SEND_BYTES,
  });

  #dump(type: number, { family, table }: TableReference, tried: string): readonly Uint8Array[] {
    const buffer = createMessageBuffer(128);
    message(buffer, { type, flags: NLM_F_DUMP }, NFT_FAMILY[family], () =>
      attributeText(buffer, RULE_TABLE, table),
    );
    return this.#socket
      .dump(buffer.bytes.slice(0, buffer.length), tried)
      .map(({ payload }) => payload)
      .filter((payload) => attributeString(netlinkAttributes(payload, NFGENMSG).get(TABLE_NAME)) === table);
  }

  /** Throws SystemCallError. */
  hasTable({ family, table }: TableReference): boolean {
    const buffer = createMessageBuffer(128);
    message(buffer, { type: GETTABLE }, NFT_FAMILY[family], () => attributeText(buffer, TABLE_NAME, table));
    try {
      const tried = `look for table ${family} ${table}`;
      return this.#socket.request(buffer.bytes.slice(0, buffer.length), tried) !== undefined;
    } catch (error) {
      if (error instanceof SystemCallError && ["ENOENT", "EOPNOTSUPP"].includes(error.code)) return false;
      throw error;
    }
  }

  /** Names. Throws SystemCallError. */
  chains(of: TableReference): readonly string[] {
    return this.#dump(GETCHAIN, of, `list the chains of table ${of.family} ${of.table}`).flatMap(
      (payload) => attributeString(netlinkAttributes(payload, NFGENMSG).get(CHAIN_NAME)) ?? [],
    );
  }

  /** Throws SystemCallError. */
  rules(of: TableReference): readonly RuleReference[] {
    return this.#dump(GETRULE, of, `list the rules of table ${of.family} ${of.table}`).flatMap(
      (payload) => readRule(payload) ?? [],
    );
  }

  /** In one transaction: all of it, or nothing. Throws SystemCallError with the first that the kernel refuses. */
  remove(removals: readonly NftablesRemoval[], tried: string): void {
    const buffer = createMessageBuffer();
    message(buffer, { type: BATCH_BEGIN }, 0, () => {});
    for (const [at, removal] of removals.entries()) encodeRemoval(buffer, removal, at + 1);
    message(buffer, { type: BATCH_END }, 0, () => {});
    this.#socket.drain();
    this.#socket.send(buffer.bytes, buffer.length);
    for (const answer of this.#socket.drain()) {
      const errno = messageErrno(answer) ?? 0;
      if (errno !== 0) throw new SystemCallError(tried, errno);
    }
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
