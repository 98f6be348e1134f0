import { LegacyIptables } from "../native/legacy-iptables.ts";
import type { TableReference } from "../native/nftables-names.ts";
import { type NftablesRemoval, NftablesRemover } from "../native/nftables-removal.ts";
import { isOfCalico, LEGACY_TABLES, type LegacyTraces, removeLegacyChains } from "./legacy-rules.ts";

/** Something of Calico's that enforces beside us, or gets in our way. */
export interface CalicoTrace {
  /** In words, for example `nftables table ip calico`. */
  readonly what: string;
  /** Throws an Error that says why it could not be done. */
  readonly remove: () => void;
}

const FAMILIES = ["ip", "ip6", "inet", "arp"] as const;
/** Where iptables keeps its own tables in nftables, under the names that it had for them before. */
const IPTABLES_FAMILIES = ["ip", "ip6"] as const;

/** Felix tells its rules in chains of others by a comment with a hash. */
function isOfFelix(comments: readonly string[]): boolean {
  return comments.some((comment) => comment.startsWith("cali:"));
}

/** One transaction: the rules that lead to Calico's chains or are its own in chains of others, then its chains. */
function chainRemovals(remover: NftablesRemover, of: TableReference): readonly NftablesRemoval[] {
  const chains = remover.chains(of).filter(isOfCalico);
  const rules = remover
    .rules(of)
    .filter(({ chain }) => !isOfCalico(chain))
    .filter(({ targets, comments }) => targets.some(isOfCalico) || isOfFelix(comments));
  return [
    ...rules.map((rule): NftablesRemoval => ({ kind: "rule", of, rule })),
    ...chains.map((chain): NftablesRemoval => ({ kind: "rules", of, chain })),
    ...chains.map((chain): NftablesRemoval => ({ kind: "chain", of, chain })),
  ];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function nftTables(remover: NftablesRemover): CalicoTrace[] {
  const tables = FAMILIES.map((family): TableReference => ({ family, table: "calico" }));
  return tables
    .filter((of) => remover.hasTable(of))
    .map((of): CalicoTrace => {
      const what = `nftables table ${of.family} calico`;
      return { what, remove: () => remover.remove([{ kind: "table", of }], `delete ${what}`) };
    });
}

function nftChains(remover: NftablesRemover): CalicoTrace[] {
  const found: CalicoTrace[] = [];
  for (const family of IPTABLES_FAMILIES) {
    for (const table of LEGACY_TABLES) {
      const of = { family, table };
      if (!remover.hasTable(of)) continue;
      const removals = chainRemovals(remover, of);
      if (removals.length === 0) continue;
      const chains = counted(removals.filter(({ kind }) => kind === "chain").length, "chain");
      const rules = counted(removals.filter(({ kind }) => kind === "rule").length, "rule");
      found.push({
        what: `${chains} (cali-*, felix-*) and ${rules} in other chains of nftables table ${family} ${table}, which is iptables'`,
        // Whoever still writes there may have changed it since.
        remove: () =>
          remover.remove(
            chainRemovals(remover, of),
            `delete Calico's chains of nftables table ${family} ${table}`,
          ),
      });
    }
  }
  return found;
}

function legacyTraces(): LegacyTraces[] {
  return IPTABLES_FAMILIES.flatMap((family) =>
    LEGACY_TABLES.flatMap((table) => {
      const chains = [...new LegacyIptables(family, table).jumpedChains()].filter(isOfCalico);
      return chains.length === 0 ? [] : [{ family, table, chains: chains.length }];
    }),
  );
}

/** Finds what Calico left in the kernel, of the network namespace that the calling thread is in. */
export class CalicoRules {
  readonly #remover = new NftablesRemover();

  /**
   * Its own tables, and its chains in tables of iptables of either kind. Interfaces and routes of pods are none: they are
   * the pods'. Throws SystemCallError where this process may not look.
   */
  find(): readonly CalicoTrace[] {
    const legacy = legacyTraces().map((traces): CalicoTrace => ({
      what: `${counted(traces.chains, "chain")} (cali-*, felix-*) of ${traces.family === "ip" ? "iptables" : "ip6tables"}-legacy table ${traces.table}`,
      remove: () => removeLegacyChains(traces),
    }));
    return [...nftTables(this.#remover), ...nftChains(this.#remover), ...legacy];
  }

  [Symbol.dispose](): void {
    this.#remover[Symbol.dispose]();
  }
}
