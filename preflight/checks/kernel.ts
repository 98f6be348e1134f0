import { ABILITIES } from "../../dataplane/preflight/abilities.ts";
import type { KernelAbilities } from "../../dataplane/preflight/kernel-abilities.ts";
import { failed, type Finding, notKnown, ok, warning } from "../finding.ts";
import type { Known } from "../known.ts";

const CHECK = "kernel";

/** `release`: as uname(2) tells it. `masquerades`: a pool asks for it. */
export function checkKernel(
  release: string,
  abilities: Known<KernelAbilities>,
  masquerades: boolean,
): Finding {
  if (!abilities.known) return notKnown(CHECK, `Linux ${release}; ${abilities.because}`);
  const { noTables, ownedTables, lacking } = abilities.value;
  if (noTables !== undefined) {
    return failed(
      CHECK,
      `Linux ${release} has no nftables (${noTables})`,
      "load the module nf_tables (modprobe nf_tables), or boot a kernel with CONFIG_NF_TABLES and CONFIG_NF_TABLES_INET",
    );
  }
  const needed = lacking.filter((ability) => masquerades || ability !== ABILITIES.masquerade);
  if (needed.length > 0) {
    return failed(
      CHECK,
      `Linux ${release}: nftables refuses ${needed.join(", ")}`,
      "load the modules nf_conntrack, nft_ct and nft_masq, or boot a kernel that has them",
    );
  }
  const without = lacking.length === 0 ? "" : ` (${lacking.join(", ")} is refused, and no pool asks for it)`;
  const has = `Linux ${release}: its nftables has what the rules need${without}`;
  if (ownedTables) return ok(CHECK, has);
  return warning(
    CHECK,
    `${has}, but no tables that belong to one program: others can change the rules, and the agent puts them right`,
    "boot Linux 6.9 or later, or leave it so",
  );
}
