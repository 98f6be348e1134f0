import { errorCode } from "../../model/error-code.ts";
import { SystemCallError } from "../../native/system-call-error.ts";
import { type Command, FAMILY } from "../nft/batch.ts";
import {
  ACCEPT,
  addressField,
  connectionState,
  COUNTER,
  equals,
  IIFNAME,
  inSet,
  MASQUERADE,
} from "../nft/expressions.ts";
import { NetlinkWriter } from "../nft/netlink-writer.ts";
import type { Failure, NftWriter } from "../nft/writer.ts";
import { ABILITIES } from "./abilities.ts";

/** What the kernel's nftables can do of what the rules ask for. */
export interface KernelAbilities {
  /** Why there are no tables at all, as the kernel says it; undefined: there are. */
  readonly noTables: string | undefined;
  /** Tables that outlive their owner and that nobody else can change (Linux 6.9). */
  readonly ownedTables: boolean;
  /** What is refused, in words. */
  readonly lacking: readonly string[];
}

const EPERM = 1;
const TABLE = "tortie-preflight";
const IN_TABLE = { family: FAMILY, table: TABLE } as const;
const CHAIN = { ...IN_TABLE, chain: "all" } as const;
const ADD_TABLE: Command = { add: { table: { family: FAMILY, name: TABLE } } };
/** Nobody has a chain of this name, and one command that fails undoes the whole transaction. */
const FAIL: Command = { delete: { chain: { ...IN_TABLE, name: "there-is-none" } } };

const TRIED: readonly (readonly [ability: string, command: Command])[] = [
  [ABILITIES.connections, { add: { rule: { ...CHAIN, expr: [connectionState("established"), ACCEPT] } } }],
  [
    ABILITIES.ranges,
    { add: { set: { ...IN_TABLE, name: "ranges", type: "ipv4_addr", flags: ["interval"] } } },
  ],
  [
    ABILITIES.ranges,
    { add: { rule: { ...CHAIN, expr: [inSet(addressField(4, "saddr"), "ranges"), COUNTER] } } },
  ],
  [ABILITIES.pairs, { add: { set: { ...IN_TABLE, name: "pairs", type: ["ifname", "ipv4_addr"] } } }],
  [
    ABILITIES.pairs,
    {
      add: { rule: { ...CHAIN, expr: [equals({ concat: [IIFNAME, addressField(4, "saddr")] }, "@pairs")] } },
    },
  ],
  [ABILITIES.verdicts, { add: { map: { ...IN_TABLE, name: "verdicts", type: "ifname", map: "verdict" } } }],
  [
    ABILITIES.verdicts,
    { add: { rule: { ...CHAIN, expr: [{ vmap: { key: IIFNAME, data: "@verdicts" } }] } } },
  ],
  [ABILITIES.masquerade, { add: { rule: { ...CHAIN, expr: [MASQUERADE] } } }],
];

function notPermitted(): SystemCallError {
  return new SystemCallError("try out what nftables can do", EPERM);
}

/** What a kernel without netfilter's sockets, or without nftables behind them, answers. */
const NO_TABLES: ReadonlySet<string> = new Set(["EPROTONOSUPPORT", "EAFNOSUPPORT", "EOPNOTSUPP"]);

class NoTablesError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`the kernel has no nftables (${code})`);
    this.code = code;
  }
}

function refusal({ code, message }: Failure): Error {
  if (code === "EPERM") return notPermitted();
  return NO_TABLES.has(code) ? new NoTablesError(code) : new Error(message);
}

/** The codes of the commands that failed, by their place; the transaction is undone in any case. */
function tryOut(writer: NftWriter, commands: readonly Command[]): ReadonlyMap<number, string> {
  const result = writer.apply({ nftables: [...commands, FAIL] });
  if (result.ok) {
    writer.apply({ nftables: [{ delete: { table: { family: FAMILY, name: TABLE } } }] });
    throw new Error("the kernel deleted a chain that does not exist");
  }
  const whole = result.failures.find(({ index }) => index < 0);
  if (whole !== undefined) throw refusal(whole);
  return new Map(result.failures.map(({ index, code }) => [index, code]));
}

function tryAll(writer: NftWriter): KernelAbilities {
  const plain = tryOut(writer, [ADD_TABLE]).get(0);
  if (plain === "EPERM") throw notPermitted();
  if (plain !== undefined) throw new NoTablesError(plain);
  const owned = tryOut(writer, [
    { add: { table: { family: FAMILY, name: TABLE, flags: ["owner", "persist"] } } },
  ]);
  const beginning: readonly Command[] = [ADD_TABLE, { add: { chain: { ...IN_TABLE, name: CHAIN.chain } } }];
  const failed = tryOut(writer, [...beginning, ...TRIED.map(([, command]) => command)]);
  const lacking = TRIED.flatMap(([ability], at) => (failed.has(at + beginning.length) ? [ability] : []));
  return { noTables: undefined, ownedTables: !owned.has(0), lacking: [...new Set(lacking)] };
}

/**
 * Tries in transactions that end in a command which must fail: the kernel says what it makes of each command, and undoes
 * all of it. Modules that are loaded for it stay. Throws where this process may not try.
 */
export function kernelAbilities(open: () => NftWriter = () => new NetlinkWriter()): KernelAbilities {
  try {
    using writer = open();
    return tryAll(writer);
  } catch (error) {
    const code = errorCode(error);
    if (error instanceof NoTablesError || (code !== undefined && NO_TABLES.has(code)))
      return { noTables: code, ownedTables: false, lacking: [] };
    throw error;
  }
}
