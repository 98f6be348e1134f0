import { SystemCallError } from "./system-call-error.ts";
import {
  attributeText,
  beginMessage,
  createMessageBuffer,
  endMessage,
  writeU16,
  writeU8,
} from "./message-buffer.ts";
import { attributeNumber, netlinkAttributes } from "./netlink-messages.ts";
import { NETLINK_NETFILTER, NetlinkSocket } from "./netlink-socket.ts";

const GETTABLE = 0x0a01;
const GETCHAIN = 0x0a04;
const NLM_F_REQUEST = 1;
const NFGENMSG = 4;
const TABLE_NAME = 1;
const TABLE_USE = 3;
const CHAIN_TABLE = 1;
const CHAIN_NAME = 3;
const CHAIN_USE = 6;

/** Numbers of nf_tables' families (NFPROTO_*). */
export const NFT_FAMILY = { inet: 1, ip: 2, arp: 3, ip6: 10 } as const;

export interface TableReference {
  readonly family: keyof typeof NFT_FAMILY;
  readonly table: string;
}

/**
 * Asks whether tables and chains of known names exist, one question each: nothing of other programs is listed, and the
 * cost does not follow the size of their rulesets. Stays in the network namespace that it was opened in.
 */
export class NftablesNames {
  readonly #socket: NetlinkSocket = NetlinkSocket.open(NETLINK_NETFILTER);

  /** How many chains, sets and other objects the table holds; undefined: there is none of that name. Throws SystemCallError. */
  table({ family, table }: TableReference): number | undefined {
    return this.#ask(GETTABLE, NFT_FAMILY[family], new Map([[TABLE_NAME, table]]), TABLE_USE);
  }

  /** How many rules the chain holds, and jumps that lead to it, together; undefined: there is none. Throws SystemCallError. */
  chain({ family, table }: TableReference, chain: string): number | undefined {
    const names = new Map([
      [CHAIN_TABLE, table],
      [CHAIN_NAME, chain],
    ]);
    return this.#ask(GETCHAIN, NFT_FAMILY[family], names, CHAIN_USE);
  }

  #ask(type: number, family: number, names: ReadonlyMap<number, string>, answer: number): number | undefined {
    const buffer = createMessageBuffer(128);
    const start = beginMessage(buffer, type, NLM_F_REQUEST, 1);
    writeU8(buffer, family);
    writeU8(buffer, 0);
    writeU16(buffer, 0);
    for (const [attribute, name] of names) attributeText(buffer, attribute, name);
    endMessage(buffer, start);
    try {
      const tried = `look for ${[...names.values()].join(" ")} in nftables`;
      const found = this.#socket.request(buffer.bytes.slice(0, buffer.length), tried);
      return found && (attributeNumber(netlinkAttributes(found.payload, NFGENMSG).get(answer)) ?? 0);
    } catch (error) {
      if (error instanceof SystemCallError && error.code === "ENOENT") return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
