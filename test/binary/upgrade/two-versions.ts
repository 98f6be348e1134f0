import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, tortieEntrypoints } from "../../../compile.ts";

/** Executables of one version and of the one after it. */
export interface TwoVersions extends Disposable {
  readonly former: string;
  readonly latter: string;
  /** Emptied at the end. */
  readonly folder: string;
}

/**
 * Both are today's source with another stamp. TORTIE_UPGRADE_FROM names an executable of an earlier version, which then takes
 * the former's place.
 */
export async function buildTwoVersions(): Promise<TwoVersions> {
  const folder = mkdtempSync(join(tmpdir(), "tortie-upgrade-"));
  const compile = async (version: string): Promise<string> => {
    const outdir = join(folder, version);
    mkdirSync(outdir);
    return build("x64", outdir, tortieEntrypoints(), version);
  };
  const given = process.env["TORTIE_UPGRADE_FROM"] ?? "";
  return {
    former: given === "" ? await compile("0.1.7") : given,
    latter: await compile("0.1.8"),
    folder,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
