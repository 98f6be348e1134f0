/** The tables of iptables that Calico writes to. */
export const LEGACY_TABLES = ["filter", "nat", "mangle", "raw"] as const;

/** Calico's chains since 2.0, and before. */
export function isOfCalico(chain: string): boolean {
  return chain.startsWith("cali-") || chain.startsWith("felix-");
}

export interface LegacyTraces {
  readonly family: "ip" | "ip6";
  readonly table: string;
  /** How many of its chains are in use. */
  readonly chains: number;
}

const CHAIN = /^:(\S+) /;
const RULE = /^-A (\S+) (.*)$/;
const JUMP = /(?:^| )-[jg] (\S+)/;
const FELIX_COMMENT = /--comment "?cali:/;

/**
 * What iptables-restore must be told to take Calico's chains out of a table, from what iptables-save says of it; empty:
 * there are none.
 */
export function legacyRemoval(saved: string, table: string): string {
  const lines = saved.split("\n");
  const chains = lines.flatMap((line) => CHAIN.exec(line)?.[1] ?? []).filter(isOfCalico);
  const rules = lines.flatMap((line) => {
    const [, chain = "", rule = ""] = RULE.exec(line) ?? [];
    // What stands in a comment jumps nowhere.
    const target = JUMP.exec(rule.replaceAll(/"[^"]*"/g, ""))?.[1] ?? "";
    const leads = isOfCalico(target) || FELIX_COMMENT.test(rule);
    return chain !== "" && !isOfCalico(chain) && leads ? [`-D ${chain} ${rule}`] : [];
  });
  if (chains.length + rules.length === 0) return "";
  const flushed = chains.map((chain) => `-F ${chain}`);
  const deleted = chains.map((chain) => `-X ${chain}`);
  return [`*${table}`, ...rules, ...flushed, ...deleted, "COMMIT", ""].join("\n");
}

function programs(family: "ip" | "ip6"): { readonly save: string; readonly restore: string } {
  const prefix = family === "ip" ? "iptables-legacy" : "ip6tables-legacy";
  return { save: `${prefix}-save`, restore: `${prefix}-restore` };
}

function run(command: readonly string[], input: string, tried: string): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], {
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  if (exitCode === 0) return stdout.toString();
  throw new Error(`could not ${tried}: ${command.join(" ")} said: ${stderr.toString().trim()}`);
}

/**
 * Takes Calico's chains out of a table of iptables' old kind, in one step. The kernel takes such a table only as a whole,
 * and only iptables knows the layouts of all matches: it is asked to do it. Throws Error with the command to do it by hand.
 */
export function removeLegacyChains(
  { family, table }: Pick<LegacyTraces, "family" | "table">,
  searchPath: string | undefined = process.env["PATH"],
): void {
  const which = { PATH: searchPath ?? "" };
  const { save, restore } = programs(family);
  const tried = `remove Calico's chains from table ${table} of ${save.replace("-save", "")}`;
  const saver = Bun.which(save, which);
  const restorer = Bun.which(restore, which);
  if (saver === null || restorer === null) {
    throw new Error(
      `could not ${tried}: the program ${save} is not here; where it is, run ` +
        `${save} -t ${table} | grep -vE '^:(cali|felix)-|^-A (cali|felix)-|-[jg] (cali|felix)-|"cali:' | ${restore} -w`,
    );
  }
  const removal = legacyRemoval(run([saver, "-t", table], "", tried), table);
  if (removal !== "") run([restorer, "-w", "--noflush"], removal, tried);
}
