import type { Fields } from "../handshake/calico-fields.ts";
import { CNI_VERSIONS, UNSAID_VERSION } from "../handshake/cni-version.ts";
import { echo } from "../model/echo.ts";
import { CniError } from "./cni-error.ts";

/**
 * VERSION: which versions of the specification are spoken; in the version of whoever asks, spoken here or not: asking is how
 * it finds out. Throws CniError.
 */
export function answerVersion({ cniVersion: given }: Fields): string {
  const cniVersion = given === undefined || given === "" ? UNSAID_VERSION : given;
  if (typeof cniVersion === "string")
    return `${JSON.stringify({ cniVersion, supportedVersions: CNI_VERSIONS })}\n`;
  throw new CniError(
    "configuration",
    `cniVersion is ${echo(cniVersion)}, which is no text`,
    "give the version of the specification that the answer is to be in",
  );
}
