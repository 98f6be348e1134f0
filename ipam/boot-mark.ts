import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../model/error-code.ts";
import { leaseDirectory, type Network } from "./lease-directory.ts";

/** Which network's leases, on which node. */
export interface BootMark {
  readonly network: Network;
  /** What a reboot empties, or leaves with another boot's ID. */
  readonly runDirectory: string;
  readonly readBootId?: () => string;
}

const BOOT_ID = "/proc/sys/kernel/random/boot_id";

function fileText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
}

/** The file that says which networks were reconciled since the machine started: the boot's ID, and their directories. */
export function bootMarkPath({ runDirectory }: Pick<BootMark, "runDirectory">): string {
  return join(runDirectory, "boot-id");
}

export function bootId({ readBootId = () => readFileSync(BOOT_ID, "utf8") }: BootMark): string {
  return readBootId().trim();
}

/** Throws what node:fs throws. */
export function reconciledNetworks(mark: BootMark, boot: string): readonly string[] {
  const [known, ...networks] = fileText(bootMarkPath(mark)).split("\n").filter(Boolean);
  return known === boot ? networks : [];
}

/** Whether the network's leases were reconciled since the machine started. What cannot be read counts as no. */
export function isReconciled(mark: BootMark): boolean {
  try {
    return reconciledNetworks(mark, bootId(mark)).includes(leaseDirectory(mark.network));
  } catch {
    return false;
  }
}
