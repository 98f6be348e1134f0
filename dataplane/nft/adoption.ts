import { SystemCallError } from "../../native/system-call-error.ts";
import { addTable } from "./commands.ts";
import { HOOK, TABLE } from "./names.ts";
import type { BatchResult, NftWriter, TableNames } from "./writer.ts";

export type TableRefusal =
  /** Another agent is alive on this node. */
  | "ownedByAnother"
  /** The table of a netlink writer, and this writer cannot say `owner`. */
  | "needsOwner"
  | "notPermitted"
  | "refusedByKernel";

/** The table cannot be ours. Nothing was changed: what is in force stays. */
export class TableRefusedError extends Error {
  override readonly name = "TableRefusedError";
  readonly code: TableRefusal;
  constructor(
    code: TableRefusal,
    text: { readonly tried: string; readonly found: string; readonly next: string },
  ) {
    super(`${text.tried}: ${text.found}; ${text.next}`);
    this.code = code;
  }
}

export interface Adoption {
  readonly ownership: "owned" | "plain";
  /** Why not owned; empty where it is. */
  readonly note: string;
  /** What the table held before; undefined: there was none. */
  readonly found: TableNames | undefined;
}

const WITHOUT_OWNER: ReadonlySet<string> = new Set(["EOPNOTSUPP", "EINVAL", "ENOTSUP"]);

function refusal(code: TableRefusal, found: string, next: string): TableRefusedError {
  return new TableRefusedError(code, { tried: `take nftables table inet ${TABLE}`, found, next });
}

const RIGHTS = "run the agent as root, or give it CAP_NET_ADMIN in the host's network namespace";

/** The first question of all; whoever lacks the rights learns it here. */
function look(writer: NftWriter): TableNames | undefined {
  try {
    return writer.tableNames(TABLE);
  } catch (error) {
    if (!(error instanceof SystemCallError) || error.code !== "EPERM") throw error;
    throw refusal("notPermitted", "this user may not even look at it (EPERM)", RIGHTS);
  }
}

function ownedByAnother(): TableRefusedError {
  return refusal(
    "ownedByAnother",
    "another living process owns the table",
    "a second agent on one node refuses to start: stop the first, then start this one again",
  );
}

function failureText(result: BatchResult): string {
  if (result.ok) return "";
  return result.failures
    .map(({ code, message }) => (code === "" ? message : `${code} (${message})`))
    .join(", ");
}

function createPlain(writer: NftWriter, note: string): Adoption {
  const result = writer.apply({ nftables: [addTable([])] });
  if (result.ok) return { ownership: "plain", note, found: undefined };
  throw refusal(
    result.failures.some(({ code }) => code === "EPERM") ? "notPermitted" : "refusedByKernel",
    `the kernel refuses to make it: ${failureText(result)}`,
    `${RIGHTS}; the kernel must have nf_tables`,
  );
}

/**
 * Makes the table ours before anything is written. Owned tables survive us (`persist`) and keep foreign hands off;
 * the kernel's EPERM for the second owner is the lock between two agents. Throws TableRefusedError.
 */
export function adoptTable(writer: NftWriter): Adoption {
  const found = look(writer);
  if (found?.ownership === "owned") throw ownedByAnother();
  if (found?.ownership === "plain") {
    const note = "the table was made without an owner; delete it while no agent runs to get one";
    return { ownership: "plain", note, found };
  }
  if (!writer.canOwn) {
    if (found === undefined) return createPlain(writer, `the ${writer.kind} writer cannot own a table`);
    throw refusal(
      "needsOwner",
      "it was left by the netlink writer, and only that one can take it over",
      `run with the netlink writer, or delete the table first (nft delete table inet ${TABLE}; this opens the node)`,
    );
  }
  const result = writer.apply({ nftables: [addTable(["owner", "persist"])] });
  if (result.ok) return { ownership: "owned", note: "", found };
  const codes = result.failures.map(({ code }) => code);
  if (found === undefined && codes.every((code) => WITHOUT_OWNER.has(code))) {
    return createPlain(writer, "this kernel knows no lasting owner of a table (Linux 6.9 does)");
  }
  if (codes.includes("EPERM")) {
    if (writer.tableNames(TABLE)?.ownership === "owned") throw ownedByAnother();
    throw refusal("notPermitted", `the kernel says ${failureText(result)}`, RIGHTS);
  }
  throw refusal(
    "refusedByKernel",
    `the kernel says ${failureText(result)}`,
    "see the kernel's version and modules",
  );
}

/** Whether packets have ever met our rules since the table was made. */
export function neverInstalled({ found }: Adoption): boolean {
  return found === undefined || !found.chains.includes(HOOK.egress);
}
